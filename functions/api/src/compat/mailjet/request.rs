//! The fields that a request may give of an entry. Mailjet's clients write the names in any case, write numbers and
//! flags as texts too, and send back entries as they were shown.

use serde_json::Value;
use shared::address_policy::AddressPolicy;
use shared::stream::StreamName;
use shared::webhook::{Destination, WebhookUrl};

use super::event_word::EventWord;
use super::urls::UrlRole;
use super::words::{UNKNOWN_VERSION, Version, flag, status};
use crate::fields::destination;
use crate::http::body::{Fields, expected_number, text};
use crate::http::field_errors::FieldErrors;

/// The names of all fields, as Mailjet's documentation has them.
const NAMES: [&str; 7] = ["APIKeyID", "EventType", "ID", "IsBackup", "Status", "Url", "Version"];
/// Maximum characters of a field other than the URL. Reason: more than any valid value has.
const MAX_TEXT: usize = 64;

/// The fields that the request gives; `None` for those that it leaves out.
#[derive(Debug, Clone, Default)]
pub(super) struct EntryFields {
    /// This service gives ids; a request may only repeat one.
    pub(super) id: Option<u64>,
    pub(super) event: Option<EventWord>,
    pub(super) url: Option<EntryUrl>,
    pub(super) role: Option<UrlRole>,
    pub(super) version: Option<Version>,
    pub(super) alive: Option<bool>,
}

/// A URL as a request gives it.
#[derive(Debug, Clone)]
pub(super) enum EntryUrl {
    /// A URL to deliver to.
    Whole(WebhookUrl),
    /// A URL with a masked password, or the name of a stream. It stands for the stored URL that answers show so.
    AsShown(String),
}

/// The body with the fields' names in our spelling.
pub(super) fn in_any_case(body: Fields) -> Fields {
    body.in_any_case(&NAMES)
}

impl EntryFields {
    /// Reads all fields; `addresses` says where deliveries may go.
    pub(super) fn read(body: &mut Fields, addresses: &AddressPolicy) -> Self {
        // Ignored: the key that the request carries says whose webhooks it is about.
        body.optional("APIKeyID", |_| Ok(()));
        Self {
            id: body.optional("ID", id),
            event: body.optional("EventType", event),
            url: body.optional("Url", |value| url(value, addresses)),
            role: body.optional("IsBackup", is_backup),
            version: body.optional("Version", version),
            alive: body.optional("Status", is_alive),
        }
    }
}

impl EntryUrl {
    /// The URL of a new entry; `None` if the request gives no whole URL.
    pub(super) fn whole(&self) -> Option<WebhookUrl> {
        match self {
            Self::Whole(url) => Some(url.clone()),
            Self::AsShown(_) => None,
        }
    }

    /// The URL that replaces `stored`; `None` if `stored` is not shown as the request says.
    pub(super) fn over(&self, stored: &Destination) -> Option<Destination> {
        match self {
            Self::Whole(url) => Some(url.clone().into()),
            Self::AsShown(text) if *text == stored.masked() => Some(stored.clone()),
            Self::AsShown(_) => None,
        }
    }
}

fn url(value: Value, addresses: &AddressPolicy) -> Result<EntryUrl, FieldErrors> {
    let text = value.as_str().filter(|text| is_as_shown(text, addresses)).map(str::to_owned);
    match text {
        Some(text) => Ok(EntryUrl::AsShown(text)),
        None => destination::https_url(value, addresses).map(EntryUrl::Whole),
    }
}

fn is_as_shown(text: &str, addresses: &AddressPolicy) -> bool {
    let masked = |url: WebhookUrl| url.as_url().password().is_some() && url.masked() == url.expose();
    StreamName::parse(text).is_some() || WebhookUrl::parse(text, addresses).is_ok_and(masked)
}

fn id(value: Value) -> Result<u64, FieldErrors> {
    written(value)?.parse().map_err(|_| "expected the ID that answers show for this URL".into())
}

fn event(value: Value) -> Result<EventWord, FieldErrors> {
    let word = text(0..=MAX_TEXT)(value)?;
    EventWord::of_word(&word).ok_or_else(|| format!("unknown event type; there are: {}", EventWord::known()).into())
}

fn is_backup(value: Value) -> Result<UrlRole, FieldErrors> {
    let word = match value {
        Value::Bool(flag) => return Ok(UrlRole::of_flag(flag)),
        other => text(0..=MAX_TEXT)(other)?,
    };
    flag(&word).map(UrlRole::of_flag)
}

fn version(value: Value) -> Result<Version, FieldErrors> {
    Version::of_text(&written(value)?).ok_or_else(|| UNKNOWN_VERSION.into())
}

fn is_alive(value: Value) -> Result<bool, FieldErrors> {
    status(&text(0..=MAX_TEXT)(value)?)
}

/// A number, or the text of one.
fn written(value: Value) -> Result<String, FieldErrors> {
    match value {
        Value::Number(number) => Ok(number.to_string()),
        Value::String(text) if text.len() <= MAX_TEXT => Ok(text),
        other => Err(expected_number("a number", &other)),
    }
}
