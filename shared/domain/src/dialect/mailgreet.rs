//! `MailGreet`'s events: `{"event_type", "timestamp", "data"}`, and a hex HMAC of the body.
//!
//! Receivers verify `JSON.stringify(req.body)`, so the bytes must be those of JavaScript.

use serde::Serialize;
use serde_json::Value;

use super::json::written;
use crate::event::{BounceType, Event, EventType, Facts, Recipient};

/// `MailGreet`'s words for a type.
pub(super) fn names(event_type: EventType) -> &'static [&'static str] {
    match event_type {
        EventType::Delivered => &["email.delivered"],
        EventType::Bounced => &["email.bounced"],
        EventType::Opened => &["email.opened"],
        EventType::Clicked => &["email.clicked"],
        EventType::Complained => &["email.complained"],
        EventType::SubscriberCreated => &["subscriber.created"],
        EventType::Unsubscribed | EventType::SubscriberUnsubscribed => &["subscriber.unsubscribed"],
        EventType::Sent
        | EventType::Deferred
        | EventType::Rejected
        | EventType::Failed
        | EventType::Subscribed
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
    event_type: &'a str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Default, Serialize)]
struct Data<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscriber_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    opened_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    clicked_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bounce_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bounce_reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    test: bool,
}

/// The body of one event. A type without a word keeps its canonical name.
pub(super) fn body(event: &Event) -> Vec<u8> {
    let facts = &event.facts;
    let body = Body {
        event_type: names(facts.event_type).first().copied().unwrap_or(facts.event_type.as_str()),
        timestamp: facts.occurred_at.to_string(),
        data: Data { test: event.test, ..data(facts) },
    };
    written(&body)
}

fn data(facts: &Facts) -> Data<'_> {
    let bare = Data {
        subscriber_id: facts.subscriber_id.as_deref(),
        email: facts.recipient.as_ref().map(Recipient::expose),
        ..Data::default()
    };
    let of_campaign = |bare| Data { campaign_id: facts.campaign_id.as_deref(), ..bare };
    let of_email = |bare| Data { message_id: facts.email_message_id.as_deref(), ..of_campaign(bare) };
    match facts.event_type {
        EventType::Delivered => Data { subject: facts.subject.as_deref(), ..of_email(bare) },
        EventType::Opened => Data {
            ip_address: facts.client.ip.as_deref(),
            user_agent: facts.client.user_agent.as_deref(),
            opened_at: Some(facts.occurred_at.to_string()),
            ..of_email(bare)
        },
        EventType::Clicked => Data {
            url: facts.url.as_deref(),
            ip_address: facts.client.ip.as_deref(),
            clicked_at: Some(facts.occurred_at.to_string()),
            ..of_email(bare)
        },
        EventType::Bounced => Data {
            bounce_type: facts.bounce_type.map(BounceType::as_str),
            bounce_reason: facts.diagnostic.as_deref(),
            ..of_email(bare)
        },
        EventType::SubscriberCreated => Data {
            first_name: said(facts, "first_name"),
            last_name: said(facts, "last_name"),
            source: said(facts, "source"),
            ..bare
        },
        EventType::Unsubscribed | EventType::SubscriberUnsubscribed => {
            Data { reason: said(facts, "reason").or(facts.diagnostic.as_deref()), ..of_campaign(bare) }
        }
        EventType::Complained
        | EventType::Sent
        | EventType::Deferred
        | EventType::Rejected
        | EventType::Failed
        | EventType::Subscribed
        | EventType::Unknown
        | EventType::WebhookOpened
        | EventType::WebhookClosed
        | EventType::WebhookDisabled
        | EventType::WebhookEnabled
        | EventType::WebhookPending
        | EventType::WebhookVerified
        | EventType::DeliveryDead
        | EventType::Unparsed => of_email(bare),
    }
}

/// What the sender says about the subscriber in its own fields. The event model has no field for it.
fn said<'a>(facts: &'a Facts, name: &str) -> Option<&'a str> {
    facts.metadata.get(name).and_then(Value::as_str)
}
