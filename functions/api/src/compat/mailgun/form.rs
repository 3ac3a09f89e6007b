//! Forms, in both encodings that Mailgun's clients send. They are read as if they were JSON objects; a field that may
//! be repeated becomes a list.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header;
use futures::stream;
use multer::{Multipart, parse_boundary};
use serde_json::{Map, Value};
use shared::problem::Problem;
use shared::webhook::Destination;
use url::form_urlencoded;

use super::plan::MAX_URLS;
use crate::fields::destination;
use crate::http::body::{Fields, bounded, list};
use crate::http::error::ApiError;
use crate::http::field_errors::FieldErrors;
use crate::room::Api;

/// Maximum fields of a form. Reason: more than any valid form has, so that the maximum of a repeated field makes the
/// error.
const MAX_FIELDS: usize = 100;
/// The field that may be repeated.
const REPEATED: &str = "url";

/// The fields of a form.
pub(super) struct Form(pub(super) Fields);

impl Form {
    /// The URLs, each once; an error when there is none. The request may give a URL of `listed` as answers show it,
    /// with its password masked: clients read the URLs of a name and send them back with one more.
    pub(super) fn urls(&mut self, api: &Api, listed: &[Destination]) -> Option<Vec<Destination>> {
        self.0.required(REPEATED, |value| urls(value, api, listed))
    }
}

fn urls(value: Value, api: &Api, listed: &[Destination]) -> Result<Vec<Destination>, FieldErrors> {
    let meant = |value: Value| {
        // Several URLs, if they differ only in what is masked.
        let meant: Vec<_> = listed.iter().filter(|listed| value == listed.masked().as_str()).cloned().collect();
        if meant.is_empty() { Ok(vec![destination::https_url(value, &api.addresses)?.into()]) } else { Ok(meant) }
    };
    let mut once: Vec<Destination> = Vec::with_capacity(MAX_URLS);
    for url in list(MAX_URLS, meant)(value)?.into_iter().flatten() {
        if !once.contains(&url) {
            once.push(url);
        }
    }
    Ok(once)
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let body = bounded(request).await?;
        let media_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let fields = match media_type.as_str() {
            "multipart/form-data" => multipart(&content_type, body).await?,
            // A client without fields sends no content type.
            "application/x-www-form-urlencoded" | "" => urlencoded(&body)?,
            _ => return Err(unknown_media_type().into()),
        };
        Ok(Self(Fields::new(gathered(fields))))
    }
}

fn urlencoded(body: &[u8]) -> Result<Vec<(String, String)>, Problem> {
    let fields = form_urlencoded::parse(body).map(|(name, value)| (name.into_owned(), value.into_owned()));
    let fields: Vec<_> = fields.take(MAX_FIELDS + 1).collect();
    if fields.len() > MAX_FIELDS { Err(too_many_fields()) } else { Ok(fields) }
}

async fn multipart(content_type: &str, body: Bytes) -> Result<Vec<(String, String)>, Problem> {
    let malformed = |_: multer::Error| malformed("The body is not `multipart/form-data` as its `content-type` says.");
    let boundary = parse_boundary(content_type).map_err(malformed)?;
    let whole = stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
    let mut parts = Multipart::new(whole, boundary);
    let mut fields = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(malformed)? {
        if fields.len() == MAX_FIELDS {
            return Err(too_many_fields());
        }
        let name = part.name().unwrap_or_default().to_owned();
        fields.push((name, part.text().await.map_err(malformed)?));
    }
    Ok(fields)
}

/// A field that is given once is text. A field that is given several times is a list; its reader refuses a list where
/// the field must not be repeated.
fn gathered(fields: Vec<(String, String)>) -> Map<String, Value> {
    let mut lists = Map::new();
    for (name, value) in fields {
        if let Value::Array(values) = lists.entry(name).or_insert_with(|| Value::Array(Vec::new())) {
            values.push(Value::String(value));
        }
    }
    let single = |(name, value): (String, Value)| match value {
        Value::Array(mut values) if values.len() == 1 && name != REPEATED => (name, values.remove(0)),
        other => (name, other),
    };
    lists.into_iter().map(single).collect()
}

fn malformed(detail: &str) -> Problem {
    Problem::new(400, "malformed-form", "The body is not a form", detail)
}

fn too_many_fields() -> Problem {
    malformed(&format!("A form may have at most {MAX_FIELDS} fields."))
}

fn unknown_media_type() -> Problem {
    let detail = "Send `content-type: application/x-www-form-urlencoded` or `multipart/form-data`.";
    Problem::new(415, "unsupported-media-type", "Unsupported media type", detail)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn form(content_type: &str, body: Vec<u8>) -> Result<Form, ApiError> {
        let request = Request::builder().header(header::CONTENT_TYPE, content_type).body(body.into()).unwrap();
        // The whole body is in memory, so the future is ready at once.
        Form::from_request(request, &()).now_or_never().unwrap()
    }

    fn encoded(fields: &[(String, String)]) -> [(&'static str, Vec<u8>); 2] {
        let urlencoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut multipart = Vec::new();
        for (name, value) in fields {
            let head = format!("--b0und\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
            multipart.extend(head.into_bytes().into_iter().chain(value.bytes()).chain(*b"\r\n"));
        }
        multipart.extend(b"--b0und--\r\n");
        [
            ("application/x-www-form-urlencoded; charset=utf-8", urlencoded.into_bytes()),
            ("Multipart/Form-Data; boundary=b0und", multipart),
        ]
    }

    #[test]
    fn what_is_repeated_is_a_list_and_urls_always_are() {
        let pairs = |pairs: &[(&str, &str)]| -> Vec<_> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let gathered = |fields| Value::Object(gathered(pairs(fields)));
        assert_eq!(gathered(&[("id", "x"), ("url", "a")]), json!({ "id": "x", "url": ["a"] }));
        assert_eq!(gathered(&[("url", "b"), ("id", "x"), ("url", "a")]), json!({ "id": "x", "url": ["b", "a"] }));
        assert_eq!(gathered(&[("id", "x"), ("id", "x")]), json!({ "id": ["x", "x"] }));
        assert_eq!(gathered(&[]), json!({}));
    }

    proptest! {
        #[test]
        fn both_encodings_are_read_alike(urls in proptest::collection::vec("[ -~é\u{1f600}]{0,20}", 1..9)) {
            let fields: Vec<_> = urls.iter().map(|url| ("url".to_owned(), url.clone())).collect();
            for (content_type, body) in encoded(&fields) {
                let mut form = form(content_type, body).unwrap();
                prop_assert_eq!(form.0.required("url", Ok), Some(json!(urls)), "{}", content_type);
            }
        }

        #[test]
        fn no_body_is_too_odd(body in proptest::collection::vec(any::<u8>(), 0..200), cut in 0..150_usize) {
            let fields = [("url".to_owned(), "https://a.example/".to_owned()), ("id".to_owned(), "opened".to_owned())];
            for (content_type, good) in encoded(&fields) {
                let _any: Result<Form, _> = form(content_type, body.clone());
                let cut = cut.min(good.len());
                let _spliced: Result<Form, _> = form(content_type, [&good[..cut], &body, &good[cut..]].concat());
            }
        }
    }
}
