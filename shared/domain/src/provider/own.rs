//! Events that a tenant publishes itself. They are read strictly, because their authors can correct them. An unknown
//! field is refused by name.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::json::nesting;
use super::{InboundPostError, MAX_OWN_BATCH, Provider, Report};
use crate::event::{BounceType, Client, EventType, Facts, Geo, METADATA_NESTING, Recipient, RejectReason};

mod fields;
mod depth;
mod values;

use fields::{Faults, Fields};

/// Maximum length of an id, campaign id or subscriber id, in characters.
const MAX_ID_CHARS: usize = 256;
/// Maximum length of an address, in characters: 64 for the local part, `@`, 255 for the domain (RFC 5321).
const MAX_ADDRESS_CHARS: usize = 320;
/// Maximum length of a message id or a subject, in characters: that of a line of an email (RFC 5322).
const MAX_LINE_CHARS: usize = 998;
/// Maximum length of an SMTP reply, in characters: a few lines of 512.
const MAX_DIAGNOSTIC_CHARS: usize = 4096;
/// Maximum length of a URL or a user agent, in characters.
const MAX_URL_CHARS: usize = 8192;
/// Maximum length of a tag or the name of a place, in characters.
const MAX_WORD_CHARS: usize = 128;
/// Maximum number of tags.
const MAX_TAGS: usize = 50;
/// Maximum size of metadata as JSON, in bytes (16 KiB).
const MAX_METADATA_BYTES: usize = 16 * 1024;
/// Bounds of SMTP reply codes.
const SMTP_CODES: RangeInclusive<u64> = 200..=599;
/// How far ahead of our clock an event may be. Reason: a day covers every time zone that is mistaken for UTC.
const MAX_AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// An event that a tenant publishes. Its key for deduplication is not known yet.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnEvent {
    /// The sender's own id of the event, if there is one.
    pub id: Option<String>,
    /// The JSON pointer (RFC 6901) to the event in its request.
    pub pointer: String,
    facts: Facts,
}

impl OwnEvent {
    /// The event with the key that deduplicates it: its own id, or `key` if it has none.
    pub fn keyed(self, key: impl FnOnce() -> String) -> Report {
        let provider_event_id = self.id.unwrap_or_else(key);
        Report::dated(Facts { provider_event_id, ..self.facts })
    }
}

/// Reads one event, or an array of 1 to [`MAX_OWN_BATCH`]. If one is invalid, none is accepted.
pub fn parse(body: &[u8], now: Timestamp) -> Result<Vec<OwnEvent>, InboundPostError> {
    let (entries, is_array) = match serde_json::from_slice(body) {
        Ok(Value::Array(entries)) => (entries, true),
        Ok(entry @ Value::Object(_)) => (vec![entry], false),
        Ok(_) => return Err(InboundPostError::Malformed),
        Err(_) => {
            let faults = depth::too_deep(body).or_else(|| values::without_a_reading(body));
            return Err(faults.map_or(InboundPostError::Malformed, InboundPostError::Invalid));
        }
    };
    if entries.len() > MAX_OWN_BATCH {
        return Err(InboundPostError::TooMany { limit: MAX_OWN_BATCH });
    }
    if let Some(faults) = values::changed_by_reading(body) {
        return Err(InboundPostError::Invalid(faults));
    }
    let mut faults = Faults::default();
    if entries.is_empty() {
        faults.add("", "expected at least one event");
    }
    let read = entries.into_iter().enumerate().filter_map(|(index, entry)| {
        let pointer = if is_array { format!("/{index}") } else { String::new() };
        let fields = Fields::of(entry, pointer.clone(), &mut faults)?;
        event(fields, pointer, now)
    });
    let events: Vec<_> = read.collect();
    let faults = faults.into_vec();
    if faults.is_empty() { Ok(events) } else { Err(InboundPostError::Invalid(faults)) }
}

/// Reads an event; `None` when a required field is missing. Then the faults contain this.
fn event(mut fields: Fields<'_>, pointer: String, now: Timestamp) -> Option<OwnEvent> {
    let event_type = fields.required("type", |fields| fields.read("type", event_type));
    let occurred_at = fields.required("timestamp", |fields| fields.read("timestamp", |value| timestamp(value, now)));
    let id = fields.text("id", MAX_ID_CHARS);
    let recipient = fields.text("recipient", MAX_ADDRESS_CHARS).as_deref().and_then(Recipient::new);
    let email_message_id = fields.text("message_id", MAX_LINE_CHARS).and_then(|id| super::text::message_id(&id));
    let sending_domain = fields.text("sending_domain", 255);
    let from = fields.text("from", MAX_LINE_CHARS);
    let subject = fields.text("subject", MAX_LINE_CHARS);
    let campaign_id = fields.text("campaign_id", MAX_ID_CHARS);
    let subscriber_id = fields.text("subscriber_id", MAX_ID_CHARS);
    let tags = fields.read("tags", tags).unwrap_or_default();
    let metadata = fields.read("metadata", metadata).unwrap_or_default();
    let bounce = fields.object("bounce", bounce).unwrap_or_default();
    let reject_reason = fields.object("reject", |fields| fields.read("reason", reject_reason)).flatten();
    let url = fields.object("click", |fields| fields.text("url", MAX_URL_CHARS)).flatten();
    let client = fields.object("client", client).unwrap_or_default();
    fields.finish();

    let event_type = event_type?;
    let facts = Facts {
        recipient,
        email_message_id,
        sending_domain,
        from,
        subject,
        campaign_id,
        subscriber_id,
        tags,
        metadata,
        bounce_type: bounce.kind,
        smtp_code: bounce.smtp_code,
        enhanced_code: bounce.enhanced_code,
        diagnostic: bounce.diagnostic,
        attempt: bounce.attempt,
        reject_reason,
        url,
        client,
        ..Facts::new(event_type, Provider::Own, event_type.as_str(), "", occurred_at?)
    };
    Some(OwnEvent { id, pointer, facts })
}

#[derive(Default)]
struct Bounce {
    kind: Option<BounceType>,
    smtp_code: Option<u16>,
    enhanced_code: Option<String>,
    diagnostic: Option<String>,
    attempt: Option<u32>,
}

fn bounce(fields: &mut Fields<'_>) -> Bounce {
    Bounce {
        kind: fields.read("type", bounce_type),
        smtp_code: fields.read("smtp_code", smtp_code),
        enhanced_code: fields.read("enhanced_code", enhanced_code),
        diagnostic: fields.text("diagnostic", MAX_DIAGNOSTIC_CHARS),
        attempt: fields.read("attempt", attempt),
    }
}

fn client(fields: &mut Fields<'_>) -> Client {
    Client {
        ip: fields.text("ip", MAX_WORD_CHARS),
        user_agent: fields.text("user_agent", MAX_URL_CHARS),
        name: fields.text("name", MAX_WORD_CHARS),
        os: fields.text("os", MAX_WORD_CHARS),
        device: fields.text("device", MAX_WORD_CHARS),
        geo: fields.object("geo", geo).unwrap_or_default(),
        machine: fields.read("machine", |value| value.as_bool().ok_or("expected true or false".to_owned())),
    }
}

fn geo(fields: &mut Fields<'_>) -> Geo {
    Geo {
        country: fields.text("country", MAX_WORD_CHARS),
        region: fields.text("region", MAX_WORD_CHARS),
        city: fields.text("city", MAX_WORD_CHARS),
    }
}

fn event_type(value: &Value) -> Result<EventType, String> {
    let known = || one_of("an event type", EventType::ALL.iter().map(|known| known.as_str()));
    let name = value.as_str().ok_or_else(known)?;
    match EventType::from_stored(name) {
        Ok(own) if own.is_operational() => {
            Err(format!("`{name}` is reported by mailhooks itself and cannot be published; {}", known()))
        }
        Ok(_) | Err(_) => name.parse().map_err(|_| known()),
    }
}

fn timestamp(value: &Value, now: Timestamp) -> Result<Timestamp, String> {
    let at: Option<Timestamp> = value.as_str().and_then(|text| text.parse().ok());
    let at = at.ok_or("expected RFC 3339, as in `2026-01-02T03:04:05Z`")?;
    if at < Timestamp::UNIX_EPOCH || at.duration_since(now) > MAX_AHEAD {
        return Err("expected a time from 1970 to a day from now".to_owned());
    }
    Ok(at)
}

fn bounce_type(value: &Value) -> Result<BounceType, String> {
    let words = || BounceType::ALL.iter().map(|known| known.as_str());
    value.as_str().and_then(BounceType::from_word).ok_or_else(|| one_of("a bounce type", words()))
}

fn reject_reason(value: &Value) -> Result<RejectReason, String> {
    let words = || RejectReason::ALL.iter().map(|known| known.as_str());
    value.as_str().and_then(RejectReason::from_word).ok_or_else(|| one_of("a reason", words()))
}

fn one_of(what: &str, words: impl Iterator<Item = &'static str>) -> String {
    format!("expected {what}: {}", words.collect::<Vec<_>>().join(", "))
}

fn smtp_code(value: &Value) -> Result<u16, String> {
    let code = value.as_u64().filter(|code| SMTP_CODES.contains(code)).and_then(|code| u16::try_from(code).ok());
    code.ok_or_else(|| "expected a number from 200 to 599".to_owned())
}

fn attempt(value: &Value) -> Result<u32, String> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0);
    number.ok_or_else(|| "expected a whole number from 1".to_owned())
}

fn enhanced_code(value: &Value) -> Result<String, String> {
    let code = value.as_str().and_then(super::text::enhanced_code);
    code.ok_or_else(|| "expected an enhanced status code, as in `5.1.1`".to_owned())
}

fn tags(value: &Value) -> Result<Vec<String>, String> {
    let wrong = || format!("expected at most {MAX_TAGS} texts of 1 to {MAX_WORD_CHARS} characters");
    let Value::Array(tags) = value else { return Err(wrong()) };
    if tags.len() > MAX_TAGS {
        return Err(wrong());
    }
    tags.iter().map(|tag| fields::text_of(tag, MAX_WORD_CHARS).map_err(|_| wrong())).collect()
}

fn metadata(value: &Value) -> Result<Map<String, Value>, String> {
    let json = value.to_string();
    match value {
        // The object itself is one level around each of its values.
        Value::Object(_) if nesting(&json) > METADATA_NESTING + 1 => Err(depth::fault()),
        Value::Object(metadata) if json.len() <= MAX_METADATA_BYTES => Ok(metadata.clone()),
        _ => Err(format!("expected an object of at most {MAX_METADATA_BYTES} bytes of JSON")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parsed(body: &str) -> Result<Vec<OwnEvent>, InboundPostError> {
        parse(body.as_bytes(), "2026-01-02T03:04:05Z".parse().unwrap())
    }

    fn pointers(body: &str) -> Vec<String> {
        match parsed(body) {
            Err(InboundPostError::Invalid(faults)) => faults.into_iter().map(|fault| fault.pointer).collect(),
            other => vec![format!("{other:?}")],
        }
    }

    #[test]
    fn everything_that_can_be_said_is_taken() {
        let body = r#"{"type":"email.bounced","timestamp":"2026-01-01T00:00:00.123456Z","id":"e-1","recipient":"ann@example.org",
            "message_id":"<m-1@example.org>","sending_domain":"example.org","from":"Ann <ann@example.org>","subject":"Hello","campaign_id":"c","subscriber_id":"s",
            "tags":["a","b"],"metadata":{"order":9007199254740993,"nested":[null]},
            "bounce":{"type":"hard","smtp_code":550,"enhanced_code":"5.1.1","diagnostic":"no such user","attempt":3},
            "reject":{"reason":"policy"},"click":{"url":"https://example.org/"},
            "client":{"ip":"192.0.2.1","user_agent":"Mail","name":"Mail","os":"OS X","device":"desktop","geo":{"country":"DE","city":"Ulm"},"machine":false}}"#;
        let report = parsed(body).unwrap().remove(0).keyed(|| unreachable!("it has an id"));
        let facts = report.facts;
        assert_eq!(facts.provider_event_id, "e-1");
        assert_eq!(facts.occurred_at.to_string(), "2026-01-01T00:00:00.123456Z");
        assert_eq!(facts.email_message_id.as_deref(), Some("m-1@example.org"));
        assert_eq!(facts.metadata["order"], 9_007_199_254_740_993_u64);
        assert_eq!((facts.bounce_type, facts.smtp_code), (Some(BounceType::Hard), Some(550)));
        assert_eq!(facts.reject_reason, Some(RejectReason::Policy));
        assert_eq!(facts.client.geo.city.as_deref(), Some("Ulm"));
        assert_eq!(facts.client.machine, Some(false));
        assert_eq!(facts.client.device.as_deref(), Some("desktop"));
        assert_eq!((facts.from.as_deref(), facts.attempt), (Some("Ann <ann@example.org>"), Some(3)));
        assert_eq!(facts.raw, None);
    }

    #[test]
    fn type_and_timestamp_suffice_and_null_is_absent() {
        let events =
            parsed(r#"{"type":"email.sent","timestamp":"2026-01-01T00:00:00Z","id":null,"client":null}"#).unwrap();
        assert_eq!(events[0].id, None);
        let facts = events.into_iter().next().unwrap().keyed(|| "key".to_owned()).facts;
        assert_eq!(facts.provider_event_id, "key");
    }

    #[test]
    fn every_fault_is_named() {
        assert_eq!(pointers("{}"), ["/type", "/timestamp"]);
        assert_eq!(pointers("[]"), [""]);
        let body = r#"[{"type":"email.sent","timestamp":"2026-01-01T00:00:00Z"},
            {"type":"email.exploded","timestamp":"yesterday","colour":"red","a/b~c":1,"bounce":{"kind":"hard","smtp_code":42},
             "client":{"geo":{"planet":"earth"}},"tags":"one","metadata":[],"recipient":""}, 7]"#;
        let expected = [
            "/1/type",
            "/1/timestamp",
            "/1/recipient",
            "/1/tags",
            "/1/metadata",
            "/1/bounce/smtp_code",
            "/1/bounce/kind",
            "/1/client/geo/planet",
            "/1/a~1b~0c",
            "/1/colour",
            "/2",
        ];
        assert_eq!(pointers(body), expected);
    }

    #[test]
    fn what_could_not_be_read_cannot_be_published() {
        assert_eq!(pointers(r#"{"type":"unparsed","timestamp":"2026-01-01T00:00:00Z"}"#), ["/type"]);
    }

    #[test]
    fn what_mailhooks_reports_cannot_be_published() {
        for event_type in EventType::OPERATIONAL {
            let name = event_type.as_str();
            let body = format!(r#"[{{"type":"{name}","timestamp":"2026-01-01T00:00:00Z"}}]"#);
            let Err(InboundPostError::Invalid(faults)) = parsed(&body) else { panic!("{name} is published") };
            assert_eq!((faults.len(), faults[0].pointer.as_str()), (1, "/0/type"));
            let wanted = format!("`{name}` is reported by mailhooks itself and cannot be published; expected an event");
            assert!(faults[0].detail.starts_with(&wanted), "{}", faults[0].detail);
        }
    }

    #[test]
    fn limits_are_kept() {
        let with = |field: &str| format!(r#"{{"type":"email.sent","timestamp":"2026-01-01T00:00:00Z",{field}}}"#);
        let long = |length: usize| "ü".repeat(length);
        assert!(parsed(&with(&format!(r#""id":"{}""#, long(256)))).is_ok());
        assert_eq!(pointers(&with(&format!(r#""id":"{}""#, long(257)))), ["/id"]);
        assert_eq!(pointers(&with(r#""subject":"two\nlines""#)), ["/subject"]);
        assert_eq!(pointers(&with(&format!(r#""tags":[{}]"#, vec!["\"t\""; 51].join(",")))), ["/tags"]);
        assert_eq!(pointers(&with(&format!(r#""metadata":{{"k":"{}"}}"#, long(8192)))), ["/metadata"]);
        for time in ["1969-12-31T23:59:59Z", "2026-01-03T03:04:06Z"] {
            assert_eq!(pointers(&format!(r#"{{"type":"email.sent","timestamp":"{time}"}}"#)), ["/timestamp"], "{time}");
        }
        let batch = |count: usize| format!("[{}]", vec![with(r#""id":"e""#); count].join(","));
        assert_eq!(parsed(&batch(500)).map(|events| events.len()), Ok(500));
        assert_eq!(parsed(&batch(501)), Err(InboundPostError::TooMany { limit: 500 }));
    }

    #[test]
    fn what_is_no_object_or_array_is_malformed() {
        let unclosed = "[".repeat(200);
        for body in ["", "7", "null", "\"x\"", "{", "{}{}", &unclosed] {
            assert_eq!(parsed(body), Err(InboundPostError::Malformed), "{body}");
        }
        assert_eq!(parse(b"{\"type\":\"\xff\"}", Timestamp::UNIX_EPOCH), Err(InboundPostError::Malformed));
    }

    #[test]
    fn metadata_is_nested_as_deep_as_a_job_can_carry_and_no_deeper() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let with = |metadata: &str| {
            format!(r#"{{"type":"email.sent","timestamp":"2026-01-01T00:00:00Z","metadata":{metadata}}}"#)
        };
        let deep = |levels: usize| with(&format!(r#"{{"x":{}}}"#, nested(levels)));
        assert!(parsed(&deep(METADATA_NESTING)).is_ok());
        assert!(parsed(&format!("[{}]", deep(METADATA_NESTING))).is_ok());
        for levels in [METADATA_NESTING + 1, 126, 127, 128, 5_000] {
            assert_eq!(pointers(&deep(levels)), ["/metadata"], "{levels}");
            let batch = format!("[{},{}]", deep(1), deep(levels));
            assert_eq!(pointers(&batch), ["/1/metadata"], "{levels} in a batch");
        }
        let objects = format!("{}1{}", r#"{"a":"#.repeat(200), "}".repeat(200));
        assert_eq!(pointers(&with(&objects)), ["/metadata"]);
        assert_eq!(pointers(&nested(200)), ["/0"]);
        assert_eq!(pointers(&format!(r#"{{"tags":{}}}"#, nested(200))), ["/tags"]);
    }

    #[test]
    fn not_every_fault_of_a_large_batch_is_listed() {
        assert_eq!(pointers(&format!("[{}]", vec!["{}"; 500].join(","))).len(), 50);
    }

    proptest! {
        #[test]
        fn never_panics(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(&body, Timestamp::UNIX_EPOCH);
        }
    }
}
