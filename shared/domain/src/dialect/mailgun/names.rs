//! Mailgun's words for the types of events.

use crate::event::EventType;

/// Mailgun's words for a type: first the word on the wire, then those of Mailgun's API for webhooks.
pub(in crate::dialect) fn names(event_type: EventType) -> &'static [&'static str] {
    match event_type {
        EventType::Sent => &["accepted"],
        EventType::Delivered => &["delivered"],
        EventType::Deferred => &["failed", "temporary_fail"],
        EventType::Bounced | EventType::Failed => &["failed", "permanent_fail"],
        EventType::Rejected => &["rejected"],
        EventType::Opened => &["opened"],
        EventType::Clicked => &["clicked"],
        EventType::Complained => &["complained"],
        EventType::Unsubscribed | EventType::SubscriberUnsubscribed => &["unsubscribed"],
        EventType::Subscribed
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
