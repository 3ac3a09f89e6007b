//! The words and numbers by which Mailjet's clients write the values of fields and parameters.

use shared::dialect::Dialect;
use shared::webhook::Webhook;

use crate::http::field_errors::FieldErrors;

/// The words of `Status`.
pub(super) const ALIVE: &str = "alive";
pub(super) const DEAD: &str = "dead";

pub(super) const UNKNOWN_VERSION: &str =
    "unknown version; there are: 1 (one event in a POST), 2 (several, in an array)";

/// A flag in a text or in a query string.
pub(super) fn flag(text: &str) -> Result<bool, FieldErrors> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("expected true or false".into()),
    }
}

/// A word of `Status`.
pub(super) fn status(text: &str) -> Result<bool, FieldErrors> {
    match text {
        ALIVE => Ok(true),
        DEAD => Ok(false),
        _ => Err(format!("unknown status; there are: {ALIVE}, {DEAD}").into()),
    }
}

/// How many events a POST carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    /// One event in a POST, as in every dialect but one.
    One,
    /// Several events in a POST, in an array.
    Two,
}

impl Version {
    pub(super) fn of(webhook: &Webhook) -> Self {
        if webhook.dialect == Dialect::MailjetV2 { Self::Two } else { Self::One }
    }

    pub(super) fn of_text(text: &str) -> Option<Self> {
        match text {
            "1" => Some(Self::One),
            "2" => Some(Self::Two),
            _ => None,
        }
    }

    pub(super) fn as_number(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }
}
