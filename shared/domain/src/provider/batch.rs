//! From a body to its entries, and from an entry to its events. A provider's file gives its mapping to these functions.
//!
//! Nothing genuine is discarded: a body that is not in the provider's format is kept as `unparsed`, and an entry that
//! is not an event as `email.unknown`. The size of an event is never a reason for this. An event in an accepted post is
//! always mapped, and `limits` ensures that it can be stored.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::json::elements;
use super::{InboundPost, InboundPostError, Provider, Received, Report};
use crate::event::{EventType, Facts, RAW_LIMIT, Raw, UNPARSED_LIMIT};

/// Maximum number of events in one post of a provider. The largest documented batches (Mandrill's) have 1,000.
pub const MAX_PROVIDER_BATCH: usize = 5_000;

/// Maximum number of events in one post of a sender that can choose: the platform's body and own events.
pub const MAX_OWN_BATCH: usize = 500;

/// The events of one entry; empty when the entry is about something else, `None` when the entry is not an event.
pub(super) type Mapped = Option<Vec<Report>>;

/// What could not be read. Its word is also the event's `provider_event`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unread {
    /// A whole body that is not in the provider's format.
    Unparsed,
    /// One entry of a body that is not an event.
    Unreadable,
}

impl Unread {
    fn word(self) -> &'static str {
        match self {
            Self::Unparsed => "unparsed",
            Self::Unreadable => "unreadable",
        }
    }

    fn event_type(self) -> EventType {
        match self {
            Self::Unparsed => EventType::Unparsed,
            Self::Unreadable => EventType::Unknown,
        }
    }
}

/// Reads a JSON body entry by entry: one object, or an array of objects. An empty body is a ping.
pub(super) fn read_json(
    provider: Provider,
    post: &InboundPost<'_>,
    now: Timestamp,
    map: impl Fn(&str) -> Mapped,
) -> Result<Received, InboundPostError> {
    let body = post.text();
    if body.trim_ascii().is_empty() {
        return Ok(Received::default());
    }
    match elements(&body) {
        Some(entries) => read_entries(provider, &entries, now, map),
        None => Ok(read_one(provider, post, body.trim_ascii(), None, now, map)),
    }
}

/// Reads a JSON body that is one object. An empty body is a ping.
pub(super) fn read_object(
    provider: Provider,
    post: &InboundPost<'_>,
    now: Timestamp,
    map: impl FnOnce(&str) -> Mapped,
) -> Received {
    let body = post.text();
    let body = body.trim_ascii();
    if body.is_empty() { Received::default() } else { read_one(provider, post, body, None, now, map) }
}

/// Reads a body with a single event, `entry`. If `entry` is not an event, the whole body is kept. `said` is when the
/// post was sent, if that is known from elsewhere.
pub(super) fn read_one(
    provider: Provider,
    post: &InboundPost<'_>,
    entry: &str,
    said: Option<Timestamp>,
    now: Timestamp,
    map: impl FnOnce(&str) -> Mapped,
) -> Received {
    // The body is kept and not the entry, because only the body has the exact bytes.
    let whole = || vec![keep(provider, Unread::Unparsed, post.body, said, now)];
    mapped(entry, map).unwrap_or_else(whole).into()
}

/// Keeps a body that is not in the provider's format.
pub(super) fn unparsed(provider: Provider, post: &InboundPost<'_>, now: Timestamp) -> Received {
    vec![keep(provider, Unread::Unparsed, post.body, None, now)].into()
}

/// Reads each entry with `map`.
pub(super) fn read_entries(
    provider: Provider,
    entries: &[&str],
    now: Timestamp,
    map: impl Fn(&str) -> Mapped,
) -> Result<Received, InboundPostError> {
    if entries.len() > MAX_PROVIDER_BATCH {
        return Err(InboundPostError::TooMany { limit: MAX_PROVIDER_BATCH });
    }
    let keep_odd = |entry: &str| vec![keep(provider, Unread::Unreadable, entry.as_bytes(), None, now)];
    let reports: Vec<_> =
        entries.iter().flat_map(|entry| mapped(entry, &map).unwrap_or_else(|| keep_odd(entry))).collect();
    Ok(reports.into())
}

/// The events of an entry, each with the received text.
fn mapped(entry: &str, map: impl FnOnce(&str) -> Mapped) -> Mapped {
    let mut reports = map(entry)?;
    for report in &mut reports {
        report.facts.raw = Some(whole_or_dropped(entry));
    }
    Some(reports)
}

fn whole_or_dropped(entry: &str) -> Raw {
    if entry.len() <= RAW_LIMIT { Raw::Whole(entry.to_owned()) } else { Raw::Dropped { bytes: entry.len() } }
}

/// Keeps at most the first [`UNPARSED_LIMIT`] of `bytes`. The hash of all bytes is the event's id, so that a retry of
/// the same body gives the same event.
fn keep(provider: Provider, why: Unread, bytes: &[u8], said: Option<Timestamp>, now: Timestamp) -> Report {
    let word = why.word();
    let id = format!("{word}-{}", hex::encode(Sha256::digest(bytes)));
    let kept = &bytes[..bytes.len().min(UNPARSED_LIMIT)];
    Report::at(said, now, |at| {
        let mut facts = Facts::new(why.event_type(), provider, word, id, at);
        let as_event = format!("{word} as an event of {}", provider.as_str());
        facts.diagnostic = Some(if kept.len() == bytes.len() {
            format!("{as_event}; kept as received")
        } else {
            format!("{as_event}; kept are its first {} of {} bytes", kept.len(), bytes.len())
        });
        facts.raw = Some(Raw::Body { kept: kept.to_vec(), bytes: bytes.len() });
        facts
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_when_not_all_of_it_is_kept() {
        let now = Timestamp::UNIX_EPOCH;
        let whole = keep(Provider::Mailgun, Unread::Unparsed, b"<html>\xff", None, now).facts;
        assert_eq!(whole.event_type, EventType::Unparsed);
        assert_eq!(whole.raw, Some(Raw::Body { kept: b"<html>\xff".to_vec(), bytes: 7 }));
        assert_eq!(whole.diagnostic.as_deref(), Some("unparsed as an event of mailgun; kept as received"));
        let cut = keep(Provider::Mailgun, Unread::Unparsed, &vec![b'x'; 300_000], None, now).facts;
        assert_eq!(cut.raw, Some(Raw::Body { kept: vec![b'x'; UNPARSED_LIMIT], bytes: 300_000 }));
        let said = "unparsed as an event of mailgun; kept are its first 262144 of 300000 bytes";
        assert_eq!(cut.diagnostic.as_deref(), Some(said));
    }

    #[test]
    fn an_event_over_the_limit_loses_its_object_and_says_so() {
        let map = |_: &str| {
            let facts = Facts::new(EventType::Opened, Provider::Brevo, "opened", "1", Timestamp::UNIX_EPOCH);
            Some(vec![Report::dated(facts)])
        };
        let raw = |length: usize| {
            let reports = mapped(&"x".repeat(length), map);
            reports.unwrap()[0].facts.raw.clone()
        };
        assert_eq!(raw(RAW_LIMIT), Some(Raw::Whole("x".repeat(RAW_LIMIT))));
        assert_eq!(raw(RAW_LIMIT + 1), Some(Raw::Dropped { bytes: RAW_LIMIT + 1 }));
    }
}
