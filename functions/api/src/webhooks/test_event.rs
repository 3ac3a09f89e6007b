//! A made-up event with what a real one of its type would say.

use jiff::Timestamp;
use shared::event::{BounceType, Event, EventType, Facts, Recipient, RejectReason};
use shared::id::TenantId;
use shared::provider::Provider;

/// A test event of `event_type`; `key` tells it from every other.
pub(super) fn test_event(event_type: EventType, tenant: TenantId, now: Timestamp, key: &str) -> Event {
    let mut facts = Facts::new(event_type, Provider::Own, event_type.as_str(), key, now);
    facts.recipient = Recipient::new("test@example.com");
    facts.subject = Some("A test from mailhooks".to_owned());
    facts.sending_domain = Some("example.com".to_owned());
    if !is_about_subscriber(event_type) {
        facts.email_message_id = Some(format!("{key}@example.com"));
    }
    match event_type {
        EventType::Bounced => {
            facts.bounce_type = Some(BounceType::Hard);
            refused(&mut facts, 550, "5.1.1", "550 5.1.1 No such user here");
        }
        EventType::Deferred => {
            facts.bounce_type = Some(BounceType::Soft);
            refused(&mut facts, 451, "4.7.1", "451 4.7.1 Try again later");
        }
        EventType::Rejected => facts.reject_reason = Some(RejectReason::Suppressed),
        EventType::Failed => facts.reject_reason = Some(RejectReason::Rendering),
        EventType::Opened | EventType::Unsubscribed => reader(&mut facts),
        EventType::Clicked => {
            reader(&mut facts);
            facts.url = Some("https://example.com/welcome".to_owned());
        }
        EventType::SubscriberCreated | EventType::SubscriberUnsubscribed => {
            facts.subject = None;
            facts.subscriber_id = Some("subscriber-1".to_owned());
        }
        EventType::Sent
        | EventType::Delivered
        | EventType::Complained
        | EventType::Subscribed
        | EventType::Unknown
        | EventType::Unparsed => {}
    }
    Event { test: true, ..Event::accept(facts, tenant, None, now) }
}

fn is_about_subscriber(event_type: EventType) -> bool {
    matches!(event_type, EventType::SubscriberCreated | EventType::SubscriberUnsubscribed)
}

fn refused(facts: &mut Facts, smtp_code: u16, enhanced_code: &str, diagnostic: &str) {
    facts.smtp_code = Some(smtp_code);
    facts.enhanced_code = Some(enhanced_code.to_owned());
    facts.diagnostic = Some(diagnostic.to_owned());
}

/// What a reader's mail program shows of itself; the address is of the block for documentation (RFC 5737).
fn reader(facts: &mut Facts) {
    facts.client.ip = Some("203.0.113.7".to_owned());
    facts.client.user_agent = Some("Mozilla/5.0 (mailhooks test)".to_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_can_be_made_up_and_says_that_it_is() {
        let now = Timestamp::UNIX_EPOCH;
        let tenant = TenantId::mint(now, [1; 10]);
        for event_type in EventType::ALL {
            let event = test_event(*event_type, tenant, now, "k");
            assert!(event.test && event.facts.event_type == *event_type);
        }
    }
}
