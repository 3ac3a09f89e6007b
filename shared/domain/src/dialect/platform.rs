//! The platform's own dialect: flat bodies, `email.bounce` instead of `email.bounced`, and a hex HMAC of the body.

use serde::Serialize;

use super::json::written;
use crate::event::{Event, EventType};

/// The platform's words for a type, the dotted form first.
pub(super) fn names(event_type: EventType) -> &'static [&'static str] {
    match event_type {
        EventType::Delivered => &["email.delivery", "delivery"],
        EventType::Bounced => &["email.bounce", "bounce"],
        EventType::Opened => &["email.open", "open"],
        EventType::Clicked => &["email.click", "click"],
        EventType::Complained => &["email.complaint", "complaint"],
        EventType::Unsubscribed | EventType::SubscriberUnsubscribed => &["email.unsubscribe", "unsubscribe"],
        EventType::Sent
        | EventType::Deferred
        | EventType::Rejected
        | EventType::Failed
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

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<&'a str>,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    bounce_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smtp_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    test: bool,
}

/// The body of one event. A type that the platform has no word for keeps its canonical name. Such an event gets here
/// only when a webhook changed its dialect after the event was matched, and it must not be lost.
pub(super) fn body(event: &Event) -> Vec<u8> {
    let facts = &event.facts;
    let body = Body {
        r#type: names(facts.event_type).first().copied().unwrap_or(facts.event_type.as_str()),
        email_id: facts.email_message_id.as_deref(),
        recipient: facts.recipient.as_ref().map(crate::event::Recipient::expose),
        timestamp: facts.occurred_at.to_string(),
        bounce_type: facts.bounce_type.map(crate::event::BounceType::as_str),
        smtp_code: facts.smtp_code,
        reason: facts.diagnostic.as_deref(),
        url: facts.url.as_deref(),
        ip: facts.client.ip.as_deref(),
        user_agent: facts.client.user_agent.as_deref(),
        test: event.test,
    };
    written(&body)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::event::Facts;
    use crate::event::Provider;
    use crate::id::TenantId;

    #[test]
    fn is_flat_and_in_the_platforms_words() {
        let at: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let mut facts = Facts::new(EventType::Clicked, Provider::Own, "email.clicked", "key-1", at);
        facts.email_message_id = Some("m-1".into());
        facts.url = Some("https://example.com/ü".into());
        let event = Event::accept(facts, TenantId::mint(at, [1; 10]), None, at);
        insta::assert_snapshot!(
            String::from_utf8(body(&event)).unwrap(),
            @r#"{"type":"email.click","email_id":"m-1","timestamp":"2026-01-02T03:04:05Z","url":"https://example.com/ü"}"#
        );
    }
}
