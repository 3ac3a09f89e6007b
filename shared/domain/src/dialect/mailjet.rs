//! Mailjet's events: one flat object, or in version 2 an array of objects. Mailjet has no signature.
//! <https://dev.mailjet.com/email/guides/webhooks/>

use serde::Serialize;
use serde_json::{Map, Value};

use super::json::{Fields, written};
use crate::event::Provider;
use crate::event::{BounceType, Event, EventType, Facts, Recipient};

mod cause;

use cause::Cause;

/// Mailjet's words for a type.
pub(super) fn names(event_type: EventType) -> &'static [&'static str] {
    match event_type {
        // Despite its name, `sent` means that the destination accepted the email.
        EventType::Delivered => &["sent"],
        EventType::Bounced => &["bounce"],
        EventType::Rejected | EventType::Failed => &["blocked"],
        EventType::Opened => &["open"],
        EventType::Clicked => &["click"],
        EventType::Complained => &["spam"],
        EventType::Unsubscribed | EventType::SubscriberUnsubscribed => &["unsub"],
        EventType::Sent
        | EventType::Deferred
        | EventType::Subscribed
        | EventType::SubscriberCreated
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

/// The word on the wire. Mailjet reports an email that it will try again as a bounce that is not hard. Other types
/// without a word keep their canonical name.
fn word(event_type: EventType) -> &'static str {
    match event_type {
        EventType::Deferred => "bounce",
        other => names(other).first().copied().unwrap_or(other.as_str()),
    }
}

#[derive(Serialize)]
struct Body<'a> {
    event: &'a str,
    /// Unix seconds.
    time: i64,
    #[serde(rename = "MessageID", skip_serializing_if = "Option::is_none")]
    message_id: Option<u64>,
    #[serde(rename = "Message_GUID", skip_serializing_if = "Option::is_none")]
    message_guid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mj_campaign_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mj_contact_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customcampaign: Option<&'a str>,
    #[serde(rename = "CustomID", skip_serializing_if = "Option::is_none")]
    custom_id: Option<String>,
    #[serde(rename = "Payload", skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mj_message_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smtp_reply: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mj_list_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    geo: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blocked: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hard_bounce: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_related_to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    test: bool,
}

/// The body of one event, flat.
pub(super) fn body(event: &Event) -> Vec<u8> {
    written(&object(event))
}

/// The body of version 2: an array, even for a single event.
pub(super) fn array(events: &[&Event]) -> Vec<u8> {
    written(&events.iter().map(|event| object(event)).collect::<Vec<_>>())
}

fn object(event: &Event) -> Body<'_> {
    let facts = &event.facts;
    // Mailjet's own ids are numbers. Ids of other providers go into the fields where Mailjet has texts.
    let email = facts.email_message_id.as_deref();
    let message_id = email.and_then(number);
    let campaign = facts.campaign_id.as_deref();
    let campaign_id = campaign.and_then(number);
    let bare = Body {
        event: word(facts.event_type),
        time: facts.occurred_at.as_second(),
        message_id,
        message_guid: email.filter(|_| message_id.is_none()),
        email: facts.recipient.as_ref().map(Recipient::expose),
        mj_campaign_id: campaign_id,
        mj_contact_id: facts.subscriber_id.as_deref().and_then(number),
        customcampaign: campaign.filter(|_| campaign_id.is_none()),
        custom_id: facts.metadata.get(CUSTOM_ID).map(text),
        payload: payload(facts),
        mj_message_id: None,
        smtp_reply: None,
        url: None,
        mj_list_id: None,
        ip: None,
        geo: None,
        agent: None,
        blocked: None,
        hard_bounce: None,
        error_related_to: None,
        error: None,
        comment: None,
        source: None,
        test: event.test,
    };
    of_type(facts, bare)
}

/// Adds the fields that belong to the type.
fn of_type<'a>(facts: &'a Facts, bare: Body<'a>) -> Body<'a> {
    let diagnostic = facts.diagnostic.as_deref();
    let read = |bare: Body<'a>| Body {
        ip: facts.client.ip.as_deref(),
        geo: facts.client.geo.country.as_deref(),
        agent: facts.client.user_agent.as_deref(),
        ..bare
    };
    match facts.event_type {
        EventType::Delivered => Body {
            mj_message_id: facts.email_message_id.as_deref().filter(|_| bare.message_id.is_some()),
            smtp_reply: diagnostic,
            ..bare
        },
        EventType::Opened => read(bare),
        EventType::Unsubscribed | EventType::SubscriberUnsubscribed => {
            read(Body { mj_list_id: facts.list_id.as_deref().and_then(number), ..bare })
        }
        EventType::Clicked => read(Body { url: facts.url.as_deref(), ..bare }),
        EventType::Bounced | EventType::Deferred => bounce(facts, bare),
        EventType::Rejected | EventType::Failed => match Cause::of_rejection(facts) {
            Some(cause) => Body { error_related_to: Some(cause.related_to), error: Some(cause.error), ..bare },
            None => bare,
        },
        EventType::Complained => Body { source: diagnostic, ..bare },
        EventType::Sent
        | EventType::Subscribed
        | EventType::SubscriberCreated
        | EventType::Unknown
        | EventType::WebhookOpened
        | EventType::WebhookClosed
        | EventType::WebhookDisabled
        | EventType::WebhookEnabled
        | EventType::WebhookPending
        | EventType::WebhookVerified
        | EventType::DeliveryDead
        | EventType::Unparsed => bare,
    }
}

/// After a hard bounce Mailjet stops mailing the address (`blocked`).
fn bounce<'a>(facts: &'a Facts, bare: Body<'a>) -> Body<'a> {
    let hard = match (facts.event_type, facts.bounce_type) {
        (EventType::Deferred, _) | (_, Some(BounceType::Soft)) => Some(false),
        (_, Some(BounceType::Hard)) => Some(true),
        (_, Some(BounceType::Undetermined) | None) => None,
    };
    let cause = Cause::of_bounce(facts);
    // If the diagnostic is only Mailjet's own word for the cause, there is no comment.
    let comment = facts.diagnostic.as_deref().filter(|text| cause.is_none_or(|cause| cause.error != *text));
    Body {
        blocked: hard,
        hard_bounce: hard,
        error_related_to: cause.map(|cause| cause.related_to),
        error: cause.map(|cause| cause.error),
        comment,
        ..bare
    }
}

const CUSTOM_ID: &str = "custom_id";
const EVENT_PAYLOAD: &str = "event_payload";
/// The metadata field that holds a received `Payload` of Mailjet that was not a JSON object.
const RECEIVED_PAYLOAD: &str = "payload";

/// The sender's `event_payload`. For events from Mailjet, the payload is all metadata except the custom id.
fn payload(facts: &Facts) -> Option<String> {
    let own = facts.metadata.get(EVENT_PAYLOAD).map(text);
    own.or_else(|| {
        let of_mailjet = facts.metadata.iter().filter(|(name, _)| *name != CUSTOM_ID);
        let fields: Map<_, _> = of_mailjet.map(|(name, value)| (name.clone(), value.clone())).collect();
        match (facts.provider, fields.len(), fields.get(RECEIVED_PAYLOAD)) {
            (Provider::Mailjet, 1.., Some(Value::String(text))) if fields.len() == 1 => Some(text.clone()),
            (Provider::Mailjet, 1.., _) => Some(String::from_utf8_lossy(&written(&Fields(&fields))).into_owned()),
            _ => None,
        }
    })
}

/// A text without quotes; any other value as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The number that `text` spells, with exactly these digits.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}
