//! Brevo, formerly Sendinblue. Each post is one object or a batch of them. Brevo signs nothing, and it drops an event
//! after any status except 2xx and 429. <https://developers.brevo.com/docs/transactional-webhooks>

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::batch::{Mapped, read_entries, read_json};
use super::json::{Object, elements};
use super::reading::{Class, Reading};
use super::text::{codes_of_reply, date_time, domain, unix_seconds};
use super::{InboundPost, InboundPostError, Profile, Proof, Provider, Received};
use crate::event::{BounceType, EventType, RejectReason};
use crate::source::Verification;

pub(super) const PROFILE: Profile = Profile { status_in_trouble: 429, ..Profile::new(Proof::IngestKey, receive) };

/// The field with the sender's own text.
const CUSTOM: &str = "X-Mailin-custom";

/// Reads a post's events. The form of a batch is not documented. An array is read as a batch, and so is an object whose
/// only member is an array.
fn receive(verification: &Verification, post: &InboundPost<'_>, now: Timestamp) -> Result<Received, InboundPostError> {
    verification.expect_unsigned()?;
    let body = post.text();
    if let Some(entries) = Object::parse(body.trim_ascii()).and_then(|object| elements(object.only_member()?)) {
        return read_entries(Provider::Brevo, &entries, now, |entry| map(entry, now));
    }
    drop(body);
    read_json(Provider::Brevo, post, now, |entry| map(entry, now))
}

fn map(entry: &str, now: Timestamp) -> Mapped {
    let object = Object::parse(entry)?;
    let event = object.text("event")?;
    let (at, timestamp) = time(&object);
    let diagnostic = object.text("reason");
    let class = classify(&event, diagnostic.as_deref());
    let machine = event.contains("proxy_open");
    let reading = Reading {
        // The field `id` is not read, because it is the id of the webhook.
        at,
        timestamp,
        recipient: object.text("email"),
        message_id: object.text("message-id"),
        url: object.text("link"),
        diagnostic,
        ..Reading::new(Provider::Brevo, event, class)
    };
    let (smtp_code, enhanced_code) = reading.diagnostic.as_deref().map(codes_of_reply).unwrap_or_default();
    Some(vec![reading.report(now, |facts| {
        facts.sending_domain = object.text("sender_email").as_deref().and_then(domain);
        facts.subject = object.text("subject");
        facts.tags = tags(&object);
        facts.metadata = metadata(&object);
        facts.smtp_code = smtp_code;
        facts.enhanced_code = enhanced_code;
        // The field `sending_ip` is not read, because it is Brevo's own address and not the reader's.
        facts.client.machine = machine.then_some(true);
    })])
}

/// When the event happened, and the text that said so. `date` has no time zone, and in some posts `ts` has that of the
/// account.
fn time(object: &Object<'_>) -> (Option<Timestamp>, Option<String>) {
    let said = ["ts_epoch", "ts_event", "ts"].iter().find_map(|name| Some((*name, object.text(name)?)));
    let Some((name, text)) = said else { return (None, object.text("date")) };
    let at = if name == "ts_epoch" { epoch(&text) } else { unix_seconds(&text) };
    (at.or_else(|| date_time(&text)), Some(text))
}

/// Unix milliseconds. A number below 10^11, which would be in 1973, is read as seconds, because a documented sample has
/// seconds.
fn epoch(text: &str) -> Option<Timestamp> {
    let number: i64 = text.parse().ok()?;
    if number < 100_000_000_000 { unix_seconds(text) } else { Timestamp::from_millisecond(number).ok() }
}

fn classify(event: &str, reason: Option<&str>) -> Class {
    match event {
        "request" | "sent" => Class::of(EventType::Sent),
        "delivered" => Class::of(EventType::Delivered),
        "deferred" => Class::of(EventType::Deferred),
        "hard_bounce" => Class::bounced(BounceType::Hard),
        "soft_bounce" => Class::bounced(BounceType::Soft),
        "blocked" => Class::rejected(blocked(reason.unwrap_or_default())),
        "invalid_email" | "invalid" => Class::rejected(RejectReason::Invalid),
        "error" => Class::failed(None),
        "opened" | "unique_opened" | "proxy_open" | "unique_proxy_open" => Class::of(EventType::Opened),
        "click" => Class::of(EventType::Clicked),
        "spam" | "complaint" => Class::of(EventType::Complained),
        "unsubscribe" | "unsubscribed" => Class::of(EventType::Unsubscribed),
        "list_addition" => Class::of(EventType::Subscribed),
        _ => Class::UNKNOWN,
    }
}

fn blocked(reason: &str) -> RejectReason {
    let reason = reason.to_ascii_lowercase();
    if reason.contains("unsubscribed") {
        RejectReason::Unsubscribed
    } else if reason.contains("blacklist") {
        RejectReason::Suppressed
    } else {
        RejectReason::Blocked
    }
}

/// The tags. `tag` is a text, an array, or an array written as text.
fn tags(object: &Object<'_>) -> Vec<String> {
    let tags = object.texts("tags");
    if !tags.is_empty() {
        return tags;
    }
    let inner = object.text("tag").filter(|text| elements(text).is_some());
    match inner {
        Some(array) => Object::parse(&format!(r#"{{"tag":{array}}}"#)).unwrap_or_default().texts("tag"),
        None => object.texts("tag"),
    }
}

fn metadata(object: &Object<'_>) -> Map<String, Value> {
    match object.text(CUSTOM) {
        Some(text) => match Object::parse(&text) {
            Some(fields) => fields.values(|_| true),
            None => Map::from_iter([(CUSTOM.to_owned(), Value::String(text))]),
        },
        None => object.object(CUSTOM).values(|_| true),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    #[test]
    fn types_by_their_words() {
        for (event, reason, expected) in [
            ("request", None, "email.sent"),
            ("hard_bounce", None, "email.bounced hard"),
            ("soft_bounce", None, "email.bounced soft"),
            ("blocked", Some("blocked : due to unsubscribed user"), "email.rejected unsubscribed"),
            ("blocked", Some("blocked : due to blacklist user"), "email.rejected suppressed"),
            ("blocked", None, "email.rejected blocked"),
            ("invalid_email", None, "email.rejected invalid"),
            ("error", None, "email.failed"),
            ("unique_opened", None, "email.opened"),
            ("complaint", None, "email.complained"),
            ("unsubscribe", None, "email.unsubscribed"),
            ("list_addition", None, "email.subscribed"),
            ("something_new", None, "email.unknown"),
        ] {
            assert_eq!(classify(event, reason).words(), expected, "{event} {reason:?}");
        }
    }

    #[test]
    fn the_time_that_has_a_zone_counts() {
        let read = |fields: &str| time(&Object::parse(&format!("{{{fields}}}")).unwrap()).0.map(|at| at.to_string());
        assert_eq!(read(r#""ts_epoch":1520363423000,"ts_event":1,"ts":2"#).as_deref(), Some("2018-03-06T19:10:23Z"));
        assert_eq!(read(r#""ts_epoch":1604933654"#).as_deref(), Some("2020-11-09T14:54:14Z"));
        assert_eq!(read(r#""ts_epoch":"1685543827372""#).as_deref(), Some("2023-05-31T14:37:07.372Z"));
        assert_eq!(read(r#""ts_event":1604933654,"ts":1"#).as_deref(), Some("2020-11-09T14:54:14Z"));
        assert_eq!(read(r#""date":"2020-10-09 00:00:00","s_epoch":1"#), None);
    }

    #[test]
    fn tags_in_every_form() {
        for fields in [r#""tags":["a","b"],"tag":"c""#, r#""tag":"[\"a\",\"b\"]""#, r#""tag":["a","b"]"#] {
            assert_eq!(tags(&Object::parse(&format!("{{{fields}}}")).unwrap()), ["a", "b"], "{fields}");
        }
        assert_eq!(tags(&Object::parse(r#"{"tag":"[not json"}"#).unwrap()), ["[not json"]);
        assert!(tags(&Object::parse("{}").unwrap()).is_empty());
    }

    #[test]
    fn batches_in_both_shapes() {
        let event = r#"{"event":"opened","email":"a@example.org","ts_epoch":1604933654000}"#;
        let proxy = r#"{"event":"proxy_open","email":"a@example.org","ts_epoch":1604933654000}"#;
        for body in [format!("[{event},{proxy}]"), format!(r#" {{"events":[{event},{proxy}]}}"#)] {
            let headers = HeaderMap::new();
            let post = InboundPost::new(&headers, body.as_bytes());
            let reports = receive(&Verification::Unsigned, &post, Timestamp::UNIX_EPOCH).unwrap().reports;
            let machines: Vec<_> = reports.iter().map(|report| report.facts.client.machine).collect();
            assert_eq!(machines, [None, Some(true)]);
        }
    }
}
