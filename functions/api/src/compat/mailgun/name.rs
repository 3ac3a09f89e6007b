//! Mailgun's names for events, by which its API names webhooks.

use serde_json::Value;
use shared::dialect::Dialect;
use shared::event::EventType;

use crate::http::body::text;
use crate::http::field_errors::FieldErrors;

/// Maximum characters that are read of a name.
const MAX_NAME: usize = 100;

/// One of the names. The dialect says which types it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name(&'static str);

impl Name {
    /// All names, in the order of Mailgun's documentation.
    pub(super) const ALL: [Self; 8] = [
        Self("accepted"),
        Self("delivered"),
        Self("opened"),
        Self("clicked"),
        Self("unsubscribed"),
        Self("complained"),
        Self("temporary_fail"),
        Self("permanent_fail"),
    ];

    /// The name that `word` is. `mailgun.js` writes `unsubscribe` for one of them.
    pub(super) fn of(word: &str) -> Option<Self> {
        let word = if word == "unsubscribe" { "unsubscribed" } else { word };
        Self::ALL.into_iter().find(|name| name.0 == word)
    }

    /// The name in a field of a form.
    pub(super) fn read(value: Value) -> Result<Self, FieldErrors> {
        let word = text(1..=MAX_NAME)(value)?;
        Self::of(&word).ok_or_else(|| format!("there is no such webhook; there are: {}", Self::known()).into())
    }

    /// The name as clients write it.
    pub(super) fn as_str(self) -> &'static str {
        self.0
    }

    /// The types that the name stands for.
    pub(super) fn types(self) -> Vec<EventType> {
        Dialect::Mailgun.types_named(self.0)
    }

    /// All names, for the text of an error.
    pub(super) fn known() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_types_and_shares_none() {
        let mut seen = Vec::new();
        for name in Name::ALL {
            assert_eq!(Name::of(name.as_str()), Some(name));
            let types = name.types();
            assert!(!types.is_empty(), "{}", name.as_str());
            assert!(types.iter().all(|event_type| !seen.contains(event_type)), "{}", name.as_str());
            seen.extend(types);
        }
        assert_eq!(Name::of("unsubscribe"), Name::of("unsubscribed"));
        for other in ["", "Clicked", "failed", "rejected", "email.clicked", "*"] {
            assert_eq!(Name::of(other), None, "{other}");
        }
    }
}
