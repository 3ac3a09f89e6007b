//! JSON bodies, read field by field into domain values; everything that is wrong with one is told at once, by JSON
//! pointer. What is not JSON is 400, what says something impossible is 422.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};
use shared::problem::{Fault, Problem};

mod read;

pub(crate) use read::{expected_number, flag, list, map, object, or_null, parsed, text, whole};

use crate::http::error::Refusal;

/// Longest body: 64 KiB, many times the largest webhook that the limits below allow.
const MAX_BODY: usize = 64 * 1024;

/// Most faults that are told; whoever makes more has read the format wrongly.
const MAX_FAULTS: usize = 50;
/// Longest field name in a pointer, in characters: it is the caller's own text.
const MAX_NAME: usize = 64;

/// The fields of a JSON object, and the faults found so far.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    pointer: String,
    left: Map<String, Value>,
    known: Vec<&'static str>,
    faults: Vec<Fault>,
}

/// What is wrong with one field: below it, by relative pointer, or (with an empty one) it itself.
#[derive(Debug)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    /// A fault at a pointer relative to the field, as in `/0`.
    pub(crate) fn below(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self(vec![Fault::new(pointer, detail)])
    }
}

/// The pointer to the field `name` of an object.
fn pointer_to(name: &str) -> String {
    let name: String = name.chars().take(MAX_NAME).collect();
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl<T: Into<String>> From<T> for Faults {
    fn from(detail: T) -> Self {
        Self::below("", detail)
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Refusal;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Refusal> {
        Ok(Self::of_bytes(&json(request).await?)?)
    }
}

/// A body whose fields are all optional, so that it may be left out altogether.
#[derive(Debug)]
pub(crate) struct OptionalBody(pub(crate) Fields);

impl<S: Send + Sync> FromRequest<S> for OptionalBody {
    type Rejection = Refusal;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Refusal> {
        let body = json(request).await?;
        let fields = if body.is_empty() { Fields::new(String::new(), Map::new()) } else { Fields::of_bytes(&body)? };
        Ok(Self(fields))
    }
}

/// A body of JSON, or none.
async fn json(request: Request) -> Result<Bytes, Problem> {
    let is_json = is_json(request.headers());
    let body = bounded(request).await?;
    if !is_json && !body.is_empty() {
        let detail = "Send `content-type: application/json`.";
        return Err(Problem::new(415, "unsupported-media-type", "Unsupported media type", detail));
    }
    Ok(body)
}

/// A body of any kind; 413 when it is too long.
pub(crate) async fn bounded(request: Request) -> Result<Bytes, Problem> {
    // On Lambda the body is in memory already, so the only way to fail is to be too long.
    let body = axum::body::to_bytes(request.into_body(), MAX_BODY).await;
    body.map_err(|_| {
        Problem::new(
            413,
            "body-too-large",
            "The body is too large",
            format!("A body may have {MAX_BODY} bytes (64 KiB)."),
        )
    })
}

/// No content type at all is taken for JSON: there is nothing else that it could be.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE) else { return true };
    let media_type = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let media_type = media_type.to_ascii_lowercase();
    media_type == "application/json" || (media_type.starts_with("application/") && media_type.ends_with("+json"))
}

impl Fields {
    fn new(pointer: String, left: Map<String, Value>) -> Self {
        Self { pointer, left, known: Vec::new(), faults: Vec::new() }
    }

    /// Of an object that was read elsewhere.
    pub(crate) fn of_object(fields: Map<String, Value>) -> Self {
        Self::new(String::new(), fields)
    }

    fn of_bytes(body: &[u8]) -> Result<Self, Problem> {
        let malformed = |detail| Problem::new(400, "malformed-json", "The body is not a JSON object", detail);
        if body.is_empty() {
            return Err(malformed("The body is empty; it must be a JSON object, `{…}`.".to_owned()));
        }
        let value = serde_json::from_slice(body).map_err(|error| {
            malformed(format!("The body is not JSON: fault at line {}, column {}.", error.line(), error.column()))
        })?;
        match value {
            Value::Object(left) => Ok(Self::new(String::new(), left)),
            _ => Err(malformed("The body must be a JSON object, `{…}`.".to_owned())),
        }
    }

    /// The same with fields that are called as one of `names` in other cases called so; for APIs that take them in any. One
    /// that is given twice is a fault.
    pub(crate) fn in_any_case(mut self, names: &[&'static str]) -> Self {
        for name in names {
            let mut spelled: Vec<_> =
                self.left.keys().filter(|key| key.eq_ignore_ascii_case(name)).map(Clone::clone).collect();
            if spelled.len() > 1 {
                self.fault(name, "give it once");
            }
            let value = spelled.pop().and_then(|key| self.left.remove(&key));
            self.left.retain(|key, _| !key.eq_ignore_ascii_case(name));
            self.left.extend(value.map(|value| ((*name).to_owned(), value)));
        }
        self
    }

    /// The field `name` as `read` understands it; `None` when it is absent or wrong.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Value) -> Result<T, Faults>,
    ) -> Option<T> {
        self.known.push(name);
        let result = read(self.left.remove(name)?);
        result.map_err(|Faults(faults)| self.faults_at(name, faults)).ok()
    }

    /// The same, and its absence is a fault.
    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Value) -> Result<T, Faults>,
    ) -> Option<T> {
        self.demand(name);
        self.optional(name, read)
    }

    /// Whether the field `name` is given and was not read yet.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.left.contains_key(name)
    }

    /// Makes it a fault that the field `name`, which is read later, is absent.
    pub(crate) fn demand(&mut self, name: &'static str) {
        if !self.left.contains_key(name) {
            self.fault(name, "is required");
        }
    }

    /// Notes what is wrong with the field `name`.
    pub(crate) fn fault(&mut self, name: &str, faults: impl Into<Faults>) {
        self.faults_at(name, faults.into().0);
    }

    /// Notes what is wrong with the object as a whole.
    pub(crate) fn fault_here(&mut self, detail: &str) {
        self.faults.push(Fault::new(self.pointer.clone(), detail));
    }

    /// A value that follows from several fields; `None`, and its faults noted, when it cannot be.
    pub(crate) fn noted<T>(&mut self, value: Result<T, Vec<Fault>>) -> Option<T> {
        value.map_err(|faults| self.note(faults)).ok()
    }

    fn note(&mut self, faults: impl IntoIterator<Item = Fault>) {
        let room = MAX_FAULTS.saturating_sub(self.faults.len());
        self.faults.extend(faults.into_iter().take(room));
    }

    fn faults_at(&mut self, name: &str, faults: Vec<Fault>) {
        let pointer = format!("{}{}", self.pointer, pointer_to(name));
        self.note(faults.into_iter().map(|fault| Fault::new(format!("{pointer}{}", fault.pointer), fault.detail)));
    }

    /// `value`, if nothing was wrong and every field was asked for. `value` is `None` only where a fault was noted.
    pub(crate) fn finish<T>(self, value: Option<T>) -> Result<T, Problem> {
        self.checked(value).map_err(|Faults(faults)| Problem::invalid(faults))
    }

    fn checked<T>(mut self, value: Option<T>) -> Result<T, Faults> {
        let known = self.known.join(", ");
        let unknown = std::mem::take(&mut self.left).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        for name in unknown {
            self.fault(&name, format!("unknown field; this object knows: {known}"));
        }
        match value {
            Some(value) if self.faults.is_empty() => Ok(value),
            _ => Err(Faults(self.faults)),
        }
    }
}
