//! Strict reading of a JSON object: every fault has its pointer, and an unknown field is a fault too.

use serde_json::{Map, Value};

use crate::problem::Fault;

/// Maximum number of faults that are kept. An author with more faults has misread the format.
const MAX_FAULTS: usize = 50;
/// Maximum length in characters of a field name in a pointer. Reason: the name is the caller's own text.
const MAX_NAME: usize = 64;

/// The faults found so far.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn add(&mut self, pointer: impl Into<String>, detail: impl Into<String>) {
        if self.0.len() < MAX_FAULTS {
            self.0.push(Fault::new(pointer, detail));
        }
    }

    pub(super) fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}

/// The fields of an object that have not been read yet.
#[derive(Debug)]
pub(super) struct Fields<'f> {
    unread: Map<String, Value>,
    pointer: String,
    faults: &'f mut Faults,
}

impl<'f> Fields<'f> {
    /// The fields of `value` at `pointer`; `None` and a fault when it is not an object.
    pub(super) fn of(value: Value, pointer: String, faults: &'f mut Faults) -> Option<Self> {
        if let Value::Object(unread) = value {
            return Some(Self { unread, pointer, faults });
        }
        faults.add(pointer, "expected an object");
        None
    }

    /// Reads a field. Null counts as absent.
    pub(super) fn read<T>(&mut self, name: &str, read: impl FnOnce(&Value) -> Result<T, String>) -> Option<T> {
        let value = self.unread.remove(name).filter(|value| !value.is_null())?;
        match read(&value) {
            Ok(read) => Some(read),
            Err(detail) => {
                let pointer = self.pointer_to(name);
                self.faults.add(pointer, detail);
                None
            }
        }
    }

    /// Reads a field whose absence is a fault.
    pub(super) fn required<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.unread.get(name).is_none_or(Value::is_null) {
            self.unread.remove(name);
            let pointer = self.pointer_to(name);
            self.faults.add(pointer, "is required");
            return None;
        }
        read(self)
    }

    /// Reads a text of 1 to `longest` characters.
    pub(super) fn text(&mut self, name: &str, longest: usize) -> Option<String> {
        self.read(name, |value| text_of(value, longest))
    }

    /// Reads a field that is an object.
    pub(super) fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Fields<'_>) -> T) -> Option<T> {
        let value = self.unread.remove(name).filter(|value| !value.is_null())?;
        let pointer = self.pointer_to(name);
        let mut fields = Fields::of(value, pointer, self.faults)?;
        let read = read(&mut fields);
        fields.finish();
        Some(read)
    }

    /// Reports every field that was not read as unknown.
    pub(super) fn finish(self) {
        for name in self.unread.keys() {
            self.faults.add(pointer_to(&self.pointer, name), "unknown field");
        }
    }

    fn pointer_to(&self, name: &str) -> String {
        pointer_to(&self.pointer, name)
    }
}

/// A text of 1 to `longest` characters, none of which is a control character.
pub(super) fn text_of(value: &Value, longest: usize) -> Result<String, String> {
    match value {
        Value::String(text)
            if !text.trim().is_empty() && text.chars().count() <= longest && !text.chars().any(char::is_control) =>
        {
            Ok(text.clone())
        }
        _ => Err(format!("expected a text of 1 to {longest} characters without line breaks")),
    }
}

/// The pointer to a member (RFC 6901).
pub(super) fn pointer_to(pointer: &str, name: &str) -> String {
    let name: String = name.chars().take(MAX_NAME).collect();
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}
