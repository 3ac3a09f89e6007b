//! Mailtura's events: `{"id", "type", "timestamp", "data"}`, and a hex HMAC of the body.
//!
//! Receivers refuse a `timestamp` older than five minutes, so it is the time of the attempt; `data` has the time of the
//! event. Some receivers verify a body that they have written again, so the bytes must be those of JavaScript.

use jiff::Timestamp;
use serde::Serialize;

use super::json::written;
use crate::event::{BounceType, Event, EventType, Facts, Recipient, RejectReason};

/// Mailtura's words for a type, the dotted form first.
pub(super) fn names(event_type: EventType) -> &'static [&'static str] {
    match event_type {
        EventType::Sent => &["email.sent", "sent"],
        EventType::Delivered => &["email.delivered", "delivered"],
        EventType::Bounced => &["email.bounced", "bounced"],
        EventType::Rejected | EventType::Failed => &["email.failed", "failed"],
        EventType::Opened => &["email.opened", "opened"],
        EventType::Clicked => &["email.clicked", "clicked"],
        EventType::Complained => &["email.complained", "complained"],
        EventType::Deferred
        | EventType::Unsubscribed
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
        | EventType::Unparsed => &[],
    }
}

#[derive(Serialize)]
struct Body<'a> {
    id: String,
    r#type: &'a str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    email_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bounced_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    opened_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clicked_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    complained_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    occurred_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bounce_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnostic_code: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    test: bool,
}

/// The body of one event for the attempt at `at`. A type without a word keeps its canonical name.
pub(super) fn body(event: &Event, at: Timestamp) -> Vec<u8> {
    let facts = &event.facts;
    let body = Body {
        id: event.id.to_string(),
        r#type: names(facts.event_type).first().copied().unwrap_or(facts.event_type.as_str()),
        // JavaScript's dates have milliseconds.
        timestamp: format!("{at:.3}"),
        data: Data { test: event.test, ..data(facts) },
    };
    written(&body)
}

fn data(facts: &Facts) -> Data<'_> {
    let happened_at = Some(facts.occurred_at.to_string());
    let bare = Data {
        email_id: facts.email_message_id.as_deref(),
        recipient: facts.recipient.as_ref().map(Recipient::expose),
        subject: facts.subject.as_deref(),
        ..Data::default()
    };
    let (user_agent, ip_address) = (facts.client.user_agent.as_deref(), facts.client.ip.as_deref());
    match facts.event_type {
        EventType::Sent => Data { sent_at: happened_at, ..bare },
        EventType::Delivered => Data { delivered_at: happened_at, ..bare },
        EventType::Bounced => Data {
            bounced_at: happened_at,
            bounce_type: facts.bounce_type.map(BounceType::as_str),
            reason: facts.diagnostic.as_deref(),
            diagnostic_code: diagnostic_code(facts),
            ..bare
        },
        EventType::Rejected | EventType::Failed => Data {
            failed_at: happened_at,
            reason: facts.diagnostic.as_deref().or(facts.reject_reason.map(RejectReason::as_str)),
            diagnostic_code: diagnostic_code(facts),
            ..bare
        },
        EventType::Opened => Data { opened_at: happened_at, user_agent, ip_address, ..bare },
        EventType::Clicked => {
            Data { url: facts.url.as_deref(), clicked_at: happened_at, user_agent, ip_address, ..bare }
        }
        EventType::Complained => Data { complained_at: happened_at, ..bare },
        EventType::Deferred
        | EventType::Unsubscribed
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
        | EventType::Unparsed => Data { occurred_at: happened_at, ..bare },
    }
}

/// As SMTP servers write it: `550 5.1.1`, or the one of both that is known.
fn diagnostic_code(facts: &Facts) -> Option<String> {
    let codes = [facts.smtp_code.map(|code| code.to_string()), facts.enhanced_code.clone()];
    let known: Vec<_> = codes.into_iter().flatten().collect();
    (!known.is_empty()).then(|| known.join(" "))
}
