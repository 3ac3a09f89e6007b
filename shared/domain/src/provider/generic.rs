//! The platform's own generic body, for senders that are not among the known providers: `{"type", "email_id",
//! "recipient", "timestamp", …}`, one object or an array of them.
//!
//! The senders are programs whose authors can correct them. So a body without a type or an email id is refused, with
//! the reason. A type that we have no word for is kept as `email.unknown`, and unknown fields become metadata.

use jiff::Timestamp;

use super::batch::read_entries;
use super::json::{Object, entries};
use super::reading::{Class, Reading};
use super::text::{enhanced_code, smtp_code, unix_seconds};
use super::{InboundPost, InboundPostError, MAX_OWN_BATCH, Profile, Proof, Provider, Received, Report};
use crate::dialect::Dialect;
use crate::event::{BounceType, Client, EventType, Geo, RejectReason};
use crate::problem::Fault;
use crate::source::Verification;

/// Maximum number of faults in one refusal.
const MAX_FAULTS: usize = 50;

/// Maximum size of an event, in bytes (128 KiB): far more than the fields with a meaning need.
const MAX_EVENT: usize = 128 * 1024;
/// Maximum number of members of one event. Reason: members without a meaning become metadata, which every receiver
/// gets.
const MAX_MEMBERS: usize = 1_000;

/// Fields with a meaning. All others become metadata.
const RESERVED: [&str; 22] = [
    "type",
    "email_id",
    "recipient",
    "timestamp",
    "id",
    "event_id",
    "subject",
    "sending_domain",
    "campaign_id",
    "subscriber_id",
    "tags",
    "metadata",
    "bounce_type",
    "reject_reason",
    "smtp_code",
    "enhanced_code",
    "reason",
    "url",
    "ip",
    "user_agent",
    "geo",
    "machine",
];

pub(super) const PROFILE: Profile = Profile::new(Proof::IngestKey, receive);

/// Reads a post's events.
fn receive(verification: &Verification, post: &InboundPost<'_>, now: Timestamp) -> Result<Received, InboundPostError> {
    verification.expect_unsigned()?;
    let body = post.text();
    let entries = entries(&body).ok_or(InboundPostError::Malformed)?;
    if entries.len() > MAX_OWN_BATCH {
        return Err(InboundPostError::TooMany { limit: MAX_OWN_BATCH });
    }
    let is_array = body.trim_ascii_start().starts_with('[');
    let faults: Vec<Fault> = entries
        .iter()
        .enumerate()
        .flat_map(|(index, entry)| faults(entry, &if is_array { format!("/{index}") } else { String::new() }))
        .take(MAX_FAULTS)
        .collect();
    if !faults.is_empty() {
        return Err(InboundPostError::Invalid(faults));
    }
    read_entries(Provider::Generic, &entries, now, |entry| Some(vec![report(entry, now)?]))
}

/// The faults of the entry at `pointer`.
fn faults(entry: &str, pointer: &str) -> Vec<Fault> {
    if entry.len() > MAX_EVENT {
        return vec![Fault::new(pointer, format!("an event may have at most {MAX_EVENT} bytes"))];
    }
    let Some(object) = Object::parse(entry) else {
        return vec![Fault::new(pointer, "expected an object")];
    };
    if object.len() > MAX_MEMBERS {
        return vec![Fault::new(pointer, format!("an event may have at most {MAX_MEMBERS} members"))];
    }
    let mut faults = Vec::new();
    for name in ["type", "email_id"] {
        if object.text(name).is_none() {
            faults.push(Fault::new(format!("{pointer}/{name}"), "is required, as a text that is not empty"));
        }
    }
    if object.raw("timestamp").is_some() && time(&object).is_none() {
        let detail = "expected RFC 3339, as in `2026-01-02T03:04:05Z`, or Unix seconds";
        faults.push(Fault::new(format!("{pointer}/timestamp"), detail));
    }
    faults
}

fn time(object: &Object<'_>) -> Option<Timestamp> {
    let text = object.text("timestamp")?;
    text.parse().ok().or_else(|| unix_seconds(&text))
}

fn report(entry: &str, now: Timestamp) -> Option<Report> {
    let object = Object::parse(entry)?;
    let word = object.text("type")?;
    let event_type = event_type(&word);
    let class = Class {
        event_type,
        bounce_type: bounce_type(event_type, &object),
        reject_reason: object.text("reject_reason").as_deref().and_then(RejectReason::from_word),
    };
    let url = object.text("url");
    let reading = Reading {
        id: object.text("id").or(object.text("event_id")),
        at: time(&object),
        timestamp: object.text("timestamp"),
        recipient: object.text("recipient"),
        message_id: object.text("email_id"),
        url: url.clone(),
        diagnostic: object.text("reason"),
        ..Reading::new(Provider::Generic, word, class)
    };
    Some(reading.report(now, |facts| {
        let geo = object.object("geo");
        facts.sending_domain = object.text("sending_domain");
        facts.subject = object.text("subject");
        facts.campaign_id = object.text("campaign_id");
        facts.subscriber_id = object.text("subscriber_id");
        facts.tags = object.texts("tags");
        facts.metadata = object.values(|name| !RESERVED.contains(&name));
        facts.metadata.extend(object.object("metadata").values(|_| true));
        facts.smtp_code = object.text("smtp_code").as_deref().and_then(smtp_code);
        facts.enhanced_code = object.text("enhanced_code").as_deref().and_then(enhanced_code);
        // The link is kept for every type, because the sender set it on purpose.
        facts.url = url;
        facts.client = Client {
            ip: object.text("ip"),
            user_agent: object.text("user_agent"),
            geo: Geo { country: geo.text("country"), region: geo.text("region"), city: geo.text("city") },
            machine: object.flag("machine"),
            ..Client::default()
        };
    }))
}

/// The type of a canonical name or of the platform's word. The platform has one word for both kinds of unsubscription;
/// here it means the one about emails.
fn event_type(word: &str) -> EventType {
    let of_platform = || Dialect::Platform.types_named(word).first().copied();
    word.parse().ok().or_else(of_platform).unwrap_or(EventType::Unknown)
}

/// The bounce type, for bounces only: some senders use one template and set the field in every event.
fn bounce_type(event_type: EventType, object: &Object<'_>) -> Option<BounceType> {
    let said = || object.text("bounce_type").as_deref().and_then(BounceType::from_word);
    (event_type == EventType::Bounced).then(|| said().unwrap_or(BounceType::Undetermined))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::event::Facts;

    fn received(body: &str) -> Result<Vec<Facts>, InboundPostError> {
        let headers = HeaderMap::new();
        let now = "2026-01-02T03:04:05Z".parse().unwrap();
        let received = receive(&Verification::Unsigned, &InboundPost::new(&headers, body.as_bytes()), now)?;
        Ok(received.reports.into_iter().map(|report| report.facts).collect())
    }

    #[test]
    fn what_is_far_too_large_is_refused_with_the_limit() {
        let event = |member: &str| format!(r#"{{"type":"email.opened","email_id":"1",{member}}}"#);
        let members = (0..1_000).map(|number| format!(r#""m{number}":1"#)).collect::<Vec<_>>().join(",");
        for (body, limit) in [
            (event(&format!(r#""large":"{}""#, "x".repeat(MAX_EVENT))), "131072 bytes"),
            (event(&members), "1000 members"),
        ] {
            let Err(InboundPostError::Invalid(faults)) = received(&body) else { panic!("taken with over {limit}") };
            assert!(faults[0].detail.ends_with(limit), "{faults:?}");
        }
    }

    #[test]
    fn only_a_bounce_has_a_bounce_type() {
        let of = |word: &str, more: &str| {
            let body = format!(r#"{{"type":"{word}","email_id":"1"{more}}}"#);
            received(&body).unwrap()[0].bounce_type.map(BounceType::as_str)
        };
        assert_eq!(of("email.bounced", r#","bounce_type":"soft""#), Some("soft"));
        assert_eq!(of("email.bounced", ""), Some("undetermined"));
        assert_eq!(of("email.opened", r#","bounce_type":"soft""#), None);
    }

    #[test]
    fn words_of_the_platform_and_canonical_ones() {
        for (word, expected) in [
            ("bounce", EventType::Bounced),
            ("email.bounce", EventType::Bounced),
            ("email.bounced", EventType::Bounced),
            ("email.sent", EventType::Sent),
            ("unsubscribe", EventType::Unsubscribed),
            ("subscriber.created", EventType::SubscriberCreated),
            ("email.snoozed", EventType::Unknown),
        ] {
            let facts = received(&format!(r#"{{"type":"{word}","email_id":"m-1"}}"#)).unwrap();
            assert_eq!(facts[0].event_type, expected, "{word}");
            assert_eq!(facts[0].provider_event, word);
        }
    }

    #[test]
    fn everything_that_is_said_is_taken() {
        let facts = received(
            r#"[{"type":"bounce","email_id":"m-1","recipient":"Ann <ann@example.org>","timestamp":"2026-01-01T00:00:00+01:00",
                 "bounce_type":"hard","smtp_code":550,"reason":"no such user","order":7,"metadata":{"shop":"north"}}]"#,
        );
        let facts = &facts.unwrap()[0];
        assert_eq!(facts.recipient.as_ref().unwrap().expose(), "ann@example.org");
        assert_eq!(facts.occurred_at.to_string(), "2025-12-31T23:00:00Z");
        assert_eq!((facts.bounce_type, facts.smtp_code), (Some(BounceType::Hard), Some(550)));
        assert_eq!(serde_json::Value::from(facts.metadata.clone()).to_string(), r#"{"order":7,"shop":"north"}"#);
        assert!(facts.raw.is_some());
    }

    #[test]
    fn mistakes_are_named_and_nothing_is_taken() {
        let pointers = |body: &str| match received(body) {
            Err(InboundPostError::Invalid(faults)) => faults.into_iter().map(|fault| fault.pointer).collect(),
            other => vec![format!("{other:?}")],
        };
        assert_eq!(pointers(r#"{"type":""}"#), ["/type", "/email_id"]);
        assert_eq!(pointers(r#"[{"type":"open","email_id":"m"},7,{"type":"open"}]"#), ["/1", "/2/email_id"]);
        let late = r#"{"type":"open","email_id":"m","timestamp":"yesterday"}"#;
        assert_eq!(pointers(late), ["/timestamp"]);
        for body in ["", "7", "{", "<html>"] {
            assert_eq!(received(body), Err(InboundPostError::Malformed), "{body}");
        }
        let entry = r#"{"type":"open","email_id":"m"}"#;
        let batch = |count: usize| format!("[{}]", vec![entry; count].join(","));
        assert_eq!(received(&batch(500)).map(|facts| facts.len()), Ok(500));
        assert_eq!(received(&batch(501)), Err(InboundPostError::TooMany { limit: 500 }));
    }
}
