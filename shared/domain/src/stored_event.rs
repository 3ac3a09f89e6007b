//! The stored form of an event, used in the events table and inside jobs.

use std::error::Error;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::event::{BounceType, Client, Event, EventType, Facts, Geo, Provider, Raw, Recipient, RejectReason};
use crate::unknown_fields::UnknownFields;

mod about;

use about::StoredAbout;

/// The version of events that this code writes.
const VERSION: u64 = 1;

/// The member with the subject of an operational event.
const ABOUT: &str = "about";

/// This release cannot read a stored event.
#[derive(Debug, thiserror::Error)]
pub enum UnreadableEventError {
    /// A newer release wrote the event: this release must not act on its version, or does not know one of its words.
    #[error("a stored event is of a newer release")]
    Newer,
    /// The event is not JSON, or a part of it is missing or of another type. No release can read it.
    #[error("a stored event cannot be read")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
}

impl UnreadableEventError {
    fn broken(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Broken(cause.into())
    }
}

/// What a word names. A word that this release does not know is a word of a newer release.
fn known<T>(word: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, UnreadableEventError> {
    read(word).ok_or(UnreadableEventError::Newer)
}

/// The type that a stored word names.
fn known_type(word: &str) -> Result<EventType, UnreadableEventError> {
    known(word, |word| EventType::from_stored(word).ok())
}

/// The part of an event that every release understands.
#[derive(Deserialize)]
struct Head {
    v: u64,
}

/// Whether `json`, which is no [`StoredEvent`], is an event with a version that this release must not act on. Such an
/// event may have any other form.
pub(crate) fn is_of_newer_version(json: &[u8]) -> bool {
    // serde also reads a struct from an array.
    let is_object = json.trim_ascii_start().starts_with(b"{");
    is_object && serde_json::from_slice(json).is_ok_and(|Head { v }| v > VERSION)
}

/// An event as it is stored and queued. Names are short, because every byte of every event costs money.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredEvent {
    v: u64,
    id: String,
    tenant: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    accepted: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    test: bool,
    r#type: String,
    provider: String,
    pevent: String,
    pid: String,
    /// RFC 3339, to keep the provider's precision.
    at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rcpt: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    campaign: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    subscriber: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tags: Vec<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    meta: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bounce: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reject: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    smtp: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    diag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    list: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ip: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agent: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    program: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    os: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    country: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    machine: Option<bool>,
    /// Only operational events have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    about: Option<StoredAbout>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
    /// For bytes that are not text: base64, instead of `raw`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw64: Option<String>,
    /// Size of the received body in bytes; absent when `raw` is a whole event object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    raw_of: Option<usize>,
    /// What this release does not know. It is flattened, because a newer release writes its fields next to ours.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl StoredEvent {
    /// The event without the provider's own object. Jobs carry this form, because no delivery needs the object.
    #[must_use]
    pub fn without_raw(self) -> Self {
        Self { raw: None, raw64: None, raw_of: None, ..self }
    }
}

impl From<&Event> for StoredEvent {
    fn from(event: &Event) -> Self {
        let facts = &event.facts;
        let (raw, raw64, raw_of) = stored_raw(facts.raw.as_ref());
        let (rest, about_rest) = event.unknown.parts(ABOUT);
        Self {
            v: VERSION,
            id: event.id.to_string(),
            tenant: event.tenant.to_string(),
            source: event.source.map(|source| source.to_string()),
            accepted: event.accepted_at.as_millisecond(),
            test: event.test,
            r#type: facts.event_type.as_str().to_owned(),
            provider: facts.provider.as_str().to_owned(),
            pevent: facts.provider_event.clone(),
            pid: facts.provider_event_id.clone(),
            at: facts.occurred_at.to_string(),
            rcpt: facts.recipient.as_ref().map(|recipient| recipient.expose().to_owned()),
            mid: facts.email_message_id.clone(),
            domain: facts.sending_domain.clone(),
            from: facts.from.clone(),
            subject: facts.subject.clone(),
            campaign: facts.campaign_id.clone(),
            subscriber: facts.subscriber_id.clone(),
            tags: facts.tags.clone(),
            meta: facts.metadata.clone(),
            bounce: facts.bounce_type.map(|bounce| bounce.as_str().to_owned()),
            reject: facts.reject_reason.map(|reason| reason.as_str().to_owned()),
            smtp: facts.smtp_code,
            code: facts.enhanced_code.clone(),
            diag: facts.diagnostic.clone(),
            attempt: facts.attempt,
            list: facts.list_id.clone(),
            url: facts.url.clone(),
            ip: facts.client.ip.clone(),
            agent: facts.client.user_agent.clone(),
            program: facts.client.name.clone(),
            os: facts.client.os.clone(),
            device: facts.client.device.clone(),
            country: facts.client.geo.country.clone(),
            region: facts.client.geo.region.clone(),
            city: facts.client.geo.city.clone(),
            machine: facts.client.machine,
            about: facts.about.as_ref().map(|about| StoredAbout::new(about, about_rest)),
            raw,
            raw64,
            raw_of,
            rest,
        }
    }
}

impl TryFrom<StoredEvent> for Event {
    type Error = UnreadableEventError;

    fn try_from(stored: StoredEvent) -> Result<Self, UnreadableEventError> {
        if stored.v > VERSION {
            return Err(UnreadableEventError::Newer);
        }
        let occurred_at: Timestamp = stored.at.parse().map_err(UnreadableEventError::broken)?;
        let event_type = known_type(&stored.r#type)?;
        let (about, about_rest) = stored.about.map(StoredAbout::split).unzip();
        let unknown = UnknownFields::of(stored.rest, ABOUT, about_rest.unwrap_or_default());
        let facts = Facts {
            event_type,
            provider: known(&stored.provider, Provider::from_word)?,
            provider_event: stored.pevent,
            provider_event_id: stored.pid,
            occurred_at,
            recipient: stored.rcpt.as_deref().and_then(Recipient::new),
            email_message_id: stored.mid,
            sending_domain: stored.domain,
            from: stored.from,
            subject: stored.subject,
            campaign_id: stored.campaign,
            subscriber_id: stored.subscriber,
            tags: stored.tags,
            metadata: stored.meta,
            bounce_type: stored.bounce.map(|word| known(&word, BounceType::from_word)).transpose()?,
            reject_reason: stored.reject.map(|word| known(&word, RejectReason::from_word)).transpose()?,
            smtp_code: stored.smtp,
            enhanced_code: stored.code,
            diagnostic: stored.diag,
            attempt: stored.attempt,
            list_id: stored.list,
            url: stored.url,
            client: Client {
                ip: stored.ip,
                user_agent: stored.agent,
                name: stored.program,
                os: stored.os,
                device: stored.device,
                geo: Geo { country: stored.country, region: stored.region, city: stored.city },
                machine: stored.machine,
            },
            about: about.map(|about| about.of(event_type)).transpose()?,
            raw: read_raw(stored.raw, stored.raw64, stored.raw_of)?,
        };
        Ok(Self {
            id: stored.id.parse().map_err(UnreadableEventError::broken)?,
            tenant: stored.tenant.parse().map_err(UnreadableEventError::broken)?,
            source: stored.source.as_deref().map(str::parse).transpose().map_err(UnreadableEventError::broken)?,
            accepted_at: Timestamp::from_millisecond(stored.accepted).map_err(UnreadableEventError::broken)?,
            test: stored.test,
            facts,
            unknown,
        })
    }
}

impl Event {
    /// The event in the JSON of a row.
    pub fn from_stored(json: &[u8]) -> Result<Self, UnreadableEventError> {
        match serde_json::from_slice::<StoredEvent>(json) {
            Ok(stored) => Self::try_from(stored),
            Err(_) if is_of_newer_version(json) => Err(UnreadableEventError::Newer),
            Err(error) => Err(UnreadableEventError::broken(error)),
        }
    }
}

type StoredRaw = (Option<String>, Option<String>, Option<usize>);

fn stored_raw(raw: Option<&Raw>) -> StoredRaw {
    match raw {
        None => (None, None, None),
        Some(Raw::Whole(text)) => (Some(text.clone()), None, None),
        Some(Raw::Dropped { bytes }) => (None, None, Some(*bytes)),
        Some(Raw::Body { kept, bytes }) => match std::str::from_utf8(kept) {
            Ok(text) => (Some(text.to_owned()), None, Some(*bytes)),
            Err(_) => (None, Some(BASE64_STANDARD.encode(kept)), Some(*bytes)),
        },
    }
}

fn read_raw(
    raw: Option<String>,
    raw64: Option<String>,
    raw_of: Option<usize>,
) -> Result<Option<Raw>, UnreadableEventError> {
    Ok(match (raw, raw64, raw_of) {
        (Some(text), _, None) => Some(Raw::Whole(text)),
        (Some(text), _, Some(bytes)) => Some(Raw::Body { kept: text.into_bytes(), bytes }),
        (None, Some(encoded), Some(bytes)) => {
            let kept = BASE64_STANDARD.decode(encoded).map_err(UnreadableEventError::broken)?;
            Some(Raw::Body { kept, bytes })
        }
        (None, None, Some(bytes)) => Some(Raw::Dropped { bytes }),
        (None, _, None) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_received_reads_back() {
        for raw in [
            None,
            Some(Raw::Whole("{}".to_owned())),
            Some(Raw::Dropped { bytes: 20_000 }),
            Some(Raw::Body { kept: b"<html>".to_vec(), bytes: 6 }),
            Some(Raw::Body { kept: b"\xff\x00".to_vec(), bytes: 300_000 }),
        ] {
            let (text, encoded, of) = stored_raw(raw.as_ref());
            assert_eq!(read_raw(text, encoded, of).unwrap(), raw);
        }
    }
}
