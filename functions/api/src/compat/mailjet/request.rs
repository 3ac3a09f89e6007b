//! The fields that a request may give of an entry. Mailjet's clients write their names in any case, and numbers and flags as
//! texts too, and send back what they were shown.

use serde_json::Value;
use shared::outbound::address_policy::AddressPolicy;
use shared::problem::Problem;
use shared::stream::StreamName;
use shared::webhook::{Destination, WebhookUrl};

use super::event_word::EventWord;
use super::urls::Slot;
use super::words::{UNKNOWN_VERSION, Version, flag, status};
use crate::fields::destination;
use crate::http::body::{Faults, Fields, expected_number, text};

/// The names of all fields, as Mailjet's documentation has them.
const NAMES: [&str; 7] = ["APIKeyID", "EventType", "ID", "IsBackup", "Status", "Url", "Version"];
/// Longest text of a field but the URL: longer than all that are understood.
const MAX_TEXT: usize = 64;

/// What was given; `None` where nothing was.
#[derive(Debug, Clone, Default)]
pub(super) struct Given {
    /// Ours to give; a client may only repeat it.
    pub(super) id: Option<u64>,
    pub(super) event: Option<EventWord>,
    pub(super) url: Option<GivenUrl>,
    pub(super) slot: Option<Slot>,
    pub(super) version: Option<Version>,
    pub(super) alive: Option<bool>,
}

/// A URL as a request has it.
#[derive(Debug, Clone)]
pub(super) enum GivenUrl {
    /// One to deliver to.
    Whole(WebhookUrl),
    /// With a masked password, or the name of a stream: stands for the stored one that is shown so.
    AsShown(String),
}

impl Given {
    /// Reads them all; those in `required` must be there. `addresses` says where deliveries may go.
    pub(super) fn read(body: Fields, required: &[&'static str], addresses: &AddressPolicy) -> Result<Self, Problem> {
        let mut body = body.in_any_case(&NAMES);
        for name in required {
            body.demand(name);
        }
        // Which key the request is about is told by the key that it carries.
        body.optional("APIKeyID", |_| Ok(()));
        let given = Self {
            id: body.optional("ID", id),
            event: body.optional("EventType", event),
            url: body.optional("Url", |value| url(value, addresses)),
            slot: body.optional("IsBackup", is_backup),
            version: body.optional("Version", version),
            alive: body.optional("Status", is_alive),
        };
        body.finish(Some(given))
    }
}

impl GivenUrl {
    /// As the URL of a new entry.
    pub(super) fn whole(&self) -> Result<WebhookUrl, Problem> {
        match self {
            Self::Whole(url) => Ok(url.clone()),
            Self::AsShown(_) => Err(unknown_url()),
        }
    }

    /// What it means in the place of `stored`.
    pub(super) fn over(&self, stored: &Destination) -> Result<Destination, Problem> {
        match self {
            Self::Whole(url) => Ok(url.clone().into()),
            Self::AsShown(text) if *text == stored.masked() => Ok(stored.clone()),
            Self::AsShown(_) => Err(unknown_url()),
        }
    }
}

fn unknown_url() -> Problem {
    let detail = "/Url: a masked password, or the name of a stream, stands for what is shown so, and there is no such URL \
                  here; give a whole https:// URL, or leave the field out. Streams are registered at /api/v1/webhooks";
    Problem::new(400, "invalid-request", "The request is not valid", detail)
}

fn url(value: Value, addresses: &AddressPolicy) -> Result<GivenUrl, Faults> {
    let text = value.as_str().filter(|text| is_as_shown(text, addresses)).map(str::to_owned);
    match text {
        Some(text) => Ok(GivenUrl::AsShown(text)),
        None => destination::https_url(value, addresses).map(GivenUrl::Whole),
    }
}

fn is_as_shown(text: &str, addresses: &AddressPolicy) -> bool {
    let masked = |url: WebhookUrl| url.as_url().password().is_some() && url.masked() == url.expose();
    StreamName::parse(text).is_some() || WebhookUrl::parse(text, addresses).is_ok_and(masked)
}

fn id(value: Value) -> Result<u64, Faults> {
    written(value)?.parse().map_err(|_| "expected the ID that this URL is shown with".into())
}

fn event(value: Value) -> Result<EventWord, Faults> {
    let word = text(0..=MAX_TEXT)(value)?;
    EventWord::of_word(&word).ok_or_else(|| format!("unknown event type; there are: {}", EventWord::known()).into())
}

fn is_backup(value: Value) -> Result<Slot, Faults> {
    let word = match value {
        Value::Bool(flag) => return Ok(Slot::of_flag(flag)),
        other => text(0..=MAX_TEXT)(other)?,
    };
    flag(&word).map(Slot::of_flag).map_err(Into::into)
}

fn version(value: Value) -> Result<Version, Faults> {
    Version::of_text(&written(value)?).ok_or_else(|| UNKNOWN_VERSION.into())
}

fn is_alive(value: Value) -> Result<bool, Faults> {
    status(&text(0..=MAX_TEXT)(value)?).map_err(Into::into)
}

/// A number, or the text of one.
fn written(value: Value) -> Result<String, Faults> {
    match value {
        Value::Number(number) => Ok(number.to_string()),
        Value::String(text) if text.len() <= MAX_TEXT => Ok(text),
        other => Err(expected_number("a number", &other)),
    }
}
