//! The fields of a JSON object, read one by one into domain values.

use serde_json::{Map, Value};

use crate::http::field_errors::FieldErrors;

/// Maximum errors that one object lists. Reason: a caller who makes more has misread the format.
const MAX_ERRORS: usize = 50;
/// Maximum characters of a field name in a pointer. Reason: the name is the caller's own text.
const MAX_NAME: usize = 64;

/// The fields that were not read yet, and the errors found so far.
#[derive(Debug, Clone)]
pub(crate) struct Fields {
    remaining: Map<String, Value>,
    known: Vec<&'static str>,
    errors: FieldErrors,
}

/// The pointer to the field `name` of an object.
pub(super) fn pointer_to(name: &str) -> String {
    let name: String = name.chars().take(MAX_NAME).collect();
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

impl Fields {
    /// Of an object that is read already.
    pub(crate) fn new(fields: Map<String, Value>) -> Self {
        Self { remaining: fields, known: Vec::new(), errors: FieldErrors::none() }
    }

    /// For APIs that accept field names in any case: renames each field that matches one of `names` but for its case to
    /// that name. A name that is given twice is an error.
    pub(crate) fn in_any_case(mut self, names: &[&'static str]) -> Self {
        for name in names {
            let matching = self.remaining.keys().filter(|key| key.eq_ignore_ascii_case(name));
            let mut spellings: Vec<_> = matching.map(Clone::clone).collect();
            if spellings.len() > 1 {
                self.error(name, "give it once");
            }
            let value = spellings.pop().and_then(|key| self.remaining.remove(&key));
            self.remaining.retain(|key, _| !key.eq_ignore_ascii_case(name));
            self.remaining.extend(value.map(|value| ((*name).to_owned(), value)));
        }
        self
    }

    /// The field `name` as `read` understands it; `None` when it is absent or wrong.
    pub(crate) fn optional<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Value) -> Result<T, FieldErrors>,
    ) -> Option<T> {
        self.known.push(name);
        let result = read(self.remaining.remove(name)?);
        result.map_err(|errors| self.error(name, errors)).ok()
    }

    /// Like [`Self::optional`], but absence is an error.
    pub(crate) fn required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Value) -> Result<T, FieldErrors>,
    ) -> Option<T> {
        self.require(name);
        self.optional(name, read)
    }

    /// Whether the field `name` is given and was not read yet.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.remaining.contains_key(name)
    }

    /// Adds an error if the field `name`, which is read later, is absent.
    pub(crate) fn require(&mut self, name: &'static str) {
        if !self.has(name) {
            self.error(name, "is required");
        }
    }

    /// Adds errors of the field `name`.
    pub(crate) fn error(&mut self, name: &str, errors: impl Into<FieldErrors>) {
        self.add(errors.into().below(&pointer_to(name)));
    }

    /// Adds an error of the object as a whole.
    pub(crate) fn error_here(&mut self, detail: &str) {
        self.add(detail.into());
    }

    /// A value that follows from several fields; on failure its errors, which have pointers from this object, are
    /// added.
    pub(crate) fn check<T>(&mut self, value: Result<T, FieldErrors>) -> Option<T> {
        value.map_err(|errors| self.add(errors)).ok()
    }

    /// What `value` makes of the fields, if none of them is wrong and none is unknown. `value` may give `None` only
    /// where an error was added.
    pub(crate) fn finish<T>(mut self, value: impl FnOnce() -> Option<T>) -> Result<T, FieldErrors> {
        let known = self.known.join(", ");
        for (name, _) in std::mem::take(&mut self.remaining) {
            self.error(&name, format!("unknown field; this object knows: {known}"));
        }
        let Some(value) = value() else { return Err(self.errors) };
        self.errors.or(value)
    }

    fn add(&mut self, errors: FieldErrors) {
        self.errors.add_up_to(MAX_ERRORS, errors);
    }
}
