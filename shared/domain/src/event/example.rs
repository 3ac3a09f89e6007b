//! Example facts of each type, for the catalogue and for test events.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{About, BounceType, EventType, Facts, GivenUp, Provider, Recipient, RejectReason, What};
use crate::id::{EventId, WebhookId};
use crate::reasons::{ClosedReason, DeadReason, DisabledReason};

/// How long the outages in examples last: the default time until a webhook is disabled.
const OUTAGE: SignedDuration = SignedDuration::from_hours(120);

/// Example facts of `event_type`, as a tenant could publish them or mailhooks could report them. `key` tells this event
/// from every other one.
pub fn example(event_type: EventType, key: &str, at: Timestamp) -> Facts {
    if let Some(what) = what(event_type, at) {
        let webhook = WebhookId::mint(Timestamp::UNIX_EPOCH, [0; 10]);
        return Facts::of_change(About { webhook, description: "Orders".to_owned(), what }, key, at);
    }
    let mut facts = Facts::new(event_type, Provider::Own, event_type.as_str(), key, at);
    facts.recipient = Recipient::new("reader@example.com");
    facts.sending_domain = Some("example.com".to_owned());
    facts.from = Some("Example <hello@example.com>".to_owned());
    facts.tags = vec!["welcome".to_owned()];
    facts.metadata.insert("order".to_owned(), Value::from(7));
    if is_about_subscriber(event_type) {
        facts.subscriber_id = Some("subscriber-1".to_owned());
    } else {
        facts.email_message_id = Some(format!("{key}@example.com"));
        facts.subject = Some("An example from mailhooks".to_owned());
        facts.campaign_id = Some("campaign-1".to_owned());
    }
    say_what_belongs_to(event_type, &mut facts);
    facts
}

/// The content of an operational event.
fn what(event_type: EventType, at: Timestamp) -> Option<What> {
    let since = at.saturating_sub(OUTAGE).unwrap_or(Timestamp::UNIX_EPOCH);
    Some(match event_type {
        EventType::WebhookOpened => What::Opened { since },
        EventType::WebhookClosed => What::Closed { since, reason: ClosedReason::Recovered },
        EventType::WebhookDisabled => What::Disabled { since: Some(since), reason: DisabledReason::Failing },
        EventType::WebhookEnabled => What::Enabled,
        EventType::WebhookPending => What::Pending,
        EventType::WebhookVerified => What::Verified { since },
        EventType::DeliveryDead => What::Dead(GivenUp {
            event: EventId::first_of(since),
            event_type: EventType::Bounced,
            reason: DeadReason::AttemptsExhausted,
            attempts: 10,
        }),
        EventType::Sent
        | EventType::Delivered
        | EventType::Deferred
        | EventType::Bounced
        | EventType::Rejected
        | EventType::Failed
        | EventType::Opened
        | EventType::Clicked
        | EventType::Complained
        | EventType::Unsubscribed
        | EventType::Subscribed
        | EventType::SubscriberCreated
        | EventType::SubscriberUnsubscribed
        | EventType::Unknown
        | EventType::Unparsed => return None,
    })
}

fn is_about_subscriber(event_type: EventType) -> bool {
    matches!(event_type, EventType::SubscriberCreated | EventType::SubscriberUnsubscribed)
}

fn say_what_belongs_to(event_type: EventType, facts: &mut Facts) {
    match event_type {
        EventType::Delivered => answered(facts, 250, "2.0.0", "250 2.0.0 OK"),
        EventType::Bounced => {
            facts.bounce_type = Some(BounceType::Hard);
            answered(facts, 550, "5.1.1", "550 5.1.1 No such user here");
        }
        EventType::Deferred => {
            facts.bounce_type = Some(BounceType::Soft);
            answered(facts, 451, "4.7.1", "451 4.7.1 Try again later");
        }
        EventType::Rejected => facts.reject_reason = Some(RejectReason::Suppressed),
        EventType::Failed => facts.reject_reason = Some(RejectReason::Rendering),
        EventType::Opened => {
            read_by_a_person(facts);
            facts.client.machine = Some(false);
        }
        EventType::Unsubscribed => read_by_a_person(facts),
        EventType::Clicked => {
            read_by_a_person(facts);
            facts.url = Some("https://example.com/welcome".to_owned());
        }
        EventType::SubscriberCreated => {
            for (name, value) in [("first_name", "Ada"), ("last_name", "Reader"), ("source", "signup-form")] {
                facts.metadata.insert(name.to_owned(), Value::from(value));
            }
        }
        EventType::Sent
        | EventType::Complained
        | EventType::Subscribed
        | EventType::SubscriberUnsubscribed
        | EventType::Unknown
        | EventType::WebhookOpened
        | EventType::WebhookClosed
        | EventType::WebhookDisabled
        | EventType::WebhookEnabled
        | EventType::WebhookPending
        | EventType::WebhookVerified
        | EventType::DeliveryDead
        | EventType::Unparsed => {}
    }
}

fn answered(facts: &mut Facts, smtp_code: u16, enhanced_code: &str, diagnostic: &str) {
    facts.attempt = Some(1);
    facts.smtp_code = Some(smtp_code);
    facts.enhanced_code = Some(enhanced_code.to_owned());
    facts.diagnostic = Some(diagnostic.to_owned());
}

/// What a reader's mail program reveals. The address belongs to the block for documentation (RFC 5737).
fn read_by_a_person(facts: &mut Facts) {
    facts.client.ip = Some("203.0.113.7".to_owned());
    facts.client.user_agent = Some("Mozilla/5.0 (mailhooks example)".to_owned());
    facts.client.name = Some("Firefox".to_owned());
    facts.client.os = Some("Linux".to_owned());
    facts.client.device = Some("desktop".to_owned());
    facts.client.geo.country = Some("DE".to_owned());
    facts.client.geo.city = Some("Ulm".to_owned());
}
