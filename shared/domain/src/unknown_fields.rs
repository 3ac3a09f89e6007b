//! The members of a stored or queued JSON object that this release does not know.

use std::fmt;

use serde_json::{Map, Value};

/// The members of a stored or queued object that this release does not know. A newer release has written them. They
/// are kept when the object is written again, and this release never acts on them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct UnknownFields(Option<Box<Map<String, Value>>>);

impl UnknownFields {
    /// The unknown members of an object, and those of its part `name`. This release knows the member `name` itself, so
    /// no unknown member has this name.
    pub(crate) fn of(mut members: Map<String, Value>, name: &str, of_part: Map<String, Value>) -> Self {
        if !of_part.is_empty() {
            members.insert(name.to_owned(), Value::Object(of_part));
        }
        Self((!members.is_empty()).then(|| Box::new(members)))
    }

    /// The unknown members of the object, and those of its part `name`: the reverse of [`UnknownFields::of`].
    pub(crate) fn parts(&self, name: &str) -> (Map<String, Value>, Map<String, Value>) {
        let mut members = self.0.as_deref().cloned().unwrap_or_default();
        match members.remove(name) {
            Some(Value::Object(of_part)) => (members, of_part),
            _ => (members, Map::new()),
        }
    }

    /// Whether this release knows every member.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl fmt::Debug for UnknownFields {
    /// Shows the number of members only: nobody knows whether their values are personal data or secrets.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "UnknownFields({})", self.0.as_deref().map_or(0, Map::len))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_of_an_object_and_of_its_part_come_back_and_are_not_shown() {
        let map = |value: Value| value.as_object().cloned().unwrap();
        for (members, of_part) in [(json!({}), json!({})), (json!({"a": 1}), json!({})), (json!({}), json!({"b": [2]}))]
        {
            let unknown = UnknownFields::of(map(members.clone()), "part", map(of_part.clone()));
            assert_eq!(unknown.parts("part"), (map(members.clone()), map(of_part.clone())));
            assert_eq!(unknown.is_empty(), members == json!({}) && of_part == json!({}));
        }
        let secret = UnknownFields::of(map(json!({"a": "secret"})), "part", Map::new());
        assert_eq!(format!("{secret:?}"), "UnknownFields(1)");
    }
}
