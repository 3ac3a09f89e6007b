//! The catalogue of event types. For each type it has the JSON Schema of the body that a webhook of the standard
//! dialect receives, and an example that the dialect itself wrote.
//!
//! The schemas are strict, so that a receiver can generate types from them: a field that is not in the schema never
//! arrives. All types have the same fields, because a tenant's own events may set any of them. Descriptions say which
//! fields belong to a type.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::standard;
use crate::event::Provider;
use crate::event::{BounceType, Event, EventType, RejectReason, example};
use crate::id::{EventId, TenantId};

mod operational;

/// The version of JSON Schema that [`schema`] uses.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The time of the examples, in milliseconds since 1970: 2026-01-02T03:04:05.678Z.
const EXAMPLE_AT: i64 = 1_767_323_045_678;

/// The meaning of the parts of `data` for a type.
struct Parts {
    bounce: &'static str,
    reject: &'static str,
    click: &'static str,
    client: &'static str,
}

impl Parts {
    /// For a type to which none of the parts belongs.
    const UNUSUAL: Self = Self {
        bounce: "What the destination or the provider answered; unusual for this type.",
        reject: "Unusual for this type.",
        click: "Unusual for this type.",
        client: "Unusual for this type.",
    };

    fn of(event_type: EventType) -> Self {
        let reader = Self { client: "Who did it, and with what.", ..Self::UNUSUAL };
        match event_type {
            EventType::Delivered => Self { bounce: "What the destination answered; it is no bounce.", ..Self::UNUSUAL },
            EventType::Deferred => Self { bounce: "Why the attempt failed.", ..Self::UNUSUAL },
            EventType::Bounced => Self { bounce: "Why the destination refused the email.", ..Self::UNUSUAL },
            EventType::Rejected => Self {
                bounce: "What the provider says of it.",
                reject: "Why the provider did not attempt delivery.",
                ..Self::UNUSUAL
            },
            EventType::Failed => Self {
                bounce: "What the provider says of it.",
                reject: "Why the provider could not produce or send the email.",
                ..Self::UNUSUAL
            },
            EventType::Clicked => Self { click: "What was followed.", ..reader },
            EventType::Opened | EventType::Complained | EventType::Unsubscribed => reader,
            EventType::Sent
            | EventType::Subscribed
            | EventType::SubscriberCreated
            | EventType::SubscriberUnsubscribed
            | EventType::Unknown
            | EventType::WebhookOpened
            | EventType::WebhookClosed
            | EventType::WebhookDisabled
            | EventType::WebhookEnabled
            | EventType::WebhookPending
            | EventType::WebhookVerified
            | EventType::DeliveryDead
            | EventType::Unparsed => Self::UNUSUAL,
        }
    }
}

/// The body of an example, as a webhook receives it.
pub fn example_body(event_type: EventType) -> Vec<u8> {
    let at = Timestamp::from_millisecond(EXAMPLE_AT).unwrap_or(Timestamp::UNIX_EPOCH);
    let event = Event::accept(example(event_type, "example-1", at), TenantId::mint(at, [0; 10]), None, at);
    standard::body(&event)
}

/// The JSON Schema of a whole body.
pub fn schema(event_type: EventType) -> Value {
    let data = match example(event_type, "", Timestamp::UNIX_EPOCH).about {
        Some(about) => operational::data(&about.what),
        None => data(&Parts::of(event_type)),
    };
    json!({
        "$schema": DRAFT,
        "$id": format!("urn:mailhooks:event-type:{}", event_type.as_str()),
        "title": event_type.as_str(),
        "description": event_type.meaning(),
        "type": "object",
        "additionalProperties": false,
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": event_type.as_str(), "description": "The event type."},
            "timestamp": {
                "type": "string",
                "format": "date-time",
                "pattern": "Z$",
                "description": "When it happened, by the provider's clock: RFC 3339 in UTC, with as many fractional \
                                digits as the provider gave.",
            },
            "data": data,
        },
    })
}

fn data(parts: &Parts) -> Value {
    json!({
        "type": "object",
        "description": "What is known of it. What is not known is absent, never null.",
        "additionalProperties": false,
        "required": ["event_id", "source"],
        "properties": {
            "event_id": event_id(),
            "message_id": text("The id of the email itself, without angle brackets."),
            "recipient": text("The address that it is about, without a display name, in the case that was received."),
            "subject": text("The email's subject."),
            "campaign_id": text("The provider's or sender's campaign."),
            "subscriber_id": text("The sender's id for the recipient."),
            "tags": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "string"},
                "description": "Labels of the email, in the provider's order.",
            },
            "metadata": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": true,
                "description": "The sender's own fields, with any JSON value.",
            },
            "source": source(&reporters()),
            "bounce": bounce(parts.bounce),
            "reject": reject(parts.reject),
            "click": click(parts.click),
            "client": client(parts.client),
            "test": test(),
        },
    })
}

fn event_id() -> Value {
    json!({
        "type": "string",
        "pattern": id_pattern(EventId::PREFIX),
        "description": "Our id of the event, the same in every attempt and equal to the header `webhook-id`. Ids sort \
                        by the time of the event.",
    })
}

fn id_pattern(prefix: &str) -> String {
    format!("^{prefix}[0-7][0-9A-HJKMNP-TV-Z]{{25}}$")
}

fn test() -> Value {
    json!({"const": true, "description": "Made up by a call of `…/test`; nothing of it happened."})
}

/// The providers that report events other than operational ones.
fn reporters() -> Vec<&'static str> {
    Provider::ALL.iter().filter(|one| **one != Provider::Mailhooks).map(|one| one.as_str()).collect()
}

fn text(description: &str) -> Value {
    json!({"type": "string", "minLength": 1, "description": description})
}

fn source(providers: &[&str]) -> Value {
    json!({
        "type": "object",
        "description": "Who says so.",
        "additionalProperties": false,
        "required": ["provider", "provider_event", "provider_event_id"],
        "properties": {
            "provider": {
                "enum": providers,
                "description": "The provider; `own` for events that the tenant published itself, `mailhooks` for \
                                operational ones.",
            },
            "provider_event": {"type": "string", "description": "The provider's own name for the type, as received."},
            "provider_event_id": {
                "type": "string",
                "description": "The provider's own id for the event, or one made of its facts where it has none.",
            },
        },
    })
}

fn bounce(meaning: &str) -> Value {
    let kinds: Vec<_> = BounceType::ALL.iter().map(|kind| kind.as_str()).collect();
    json!({
        "type": "object",
        "description": meaning,
        "additionalProperties": false,
        "minProperties": 1,
        "properties": {
            "type": {
                "enum": kinds,
                "description": "`hard`: do not mail this address again. `soft`: refused for now. `undetermined`: the \
                                provider does not say.",
            },
            "smtp_code": {
                "type": "integer",
                "minimum": 200,
                "maximum": 999,
                "description": "The SMTP reply code, as in 550; codes from 600 are the provider's own.",
            },
            "enhanced_code": {
                "type": "string",
                "pattern": "^[245]\\.[0-9]{1,3}\\.[0-9]{1,3}$",
                "description": "The enhanced status code of RFC 3463, as in `5.1.1`.",
            },
            "diagnostic": text("The text that explains it, as received."),
        },
    })
}

fn reject(meaning: &str) -> Value {
    let reasons: Vec<_> = RejectReason::ALL.iter().map(|reason| reason.as_str()).collect();
    json!({
        "type": "object",
        "description": meaning,
        "additionalProperties": false,
        "required": ["reason"],
        "properties": {
            "reason": {
                "enum": reasons,
                "description": "`bounced`, `complained`, `unsubscribed`: it did so before. `suppressed`: on a list, \
                                cause unknown. `timed_out`: the provider gave up waiting.",
            },
        },
    })
}

fn click(meaning: &str) -> Value {
    json!({
        "type": "object",
        "description": meaning,
        "additionalProperties": false,
        "required": ["url"],
        "properties": {"url": text("The link, as the provider gave it.")},
    })
}

fn client(meaning: &str) -> Value {
    json!({
        "type": "object",
        "description": meaning,
        "additionalProperties": false,
        "minProperties": 1,
        "properties": {
            "ip": text("An IPv4 or IPv6 address; some providers shorten it until it is none."),
            "user_agent": text("The `User-Agent` header."),
            "geo": {
                "type": "object",
                "description": "Where the provider thinks it was.",
                "additionalProperties": false,
                "minProperties": 1,
                "properties": {
                    "country": text("Usually ISO 3166-1 alpha-2, as in `DE`."),
                    "region": text("Region or state, in the provider's words."),
                    "city": text("City."),
                },
            },
            "machine": {
                "type": "boolean",
                "description": "A machine, not a person, did it, by the provider's judgement.",
            },
        },
    })
}
