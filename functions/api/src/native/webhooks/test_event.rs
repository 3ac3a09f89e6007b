//! A test event, with the fields that a real event of its type has.

use jiff::Timestamp;
use shared::event::{Event, EventType, Facts, Recipient, example};
use shared::id::TenantId;

/// A test event of `event_type`; `key` distinguishes it from every other one.
pub(super) fn test_event(event_type: EventType, tenant: TenantId, now: Timestamp, key: &str) -> Event {
    let example = example(event_type, key, now);
    let facts = Facts {
        recipient: example.recipient.as_ref().and_then(|_| Recipient::new("test@example.com")),
        subject: example.subject.as_ref().map(|_| "A test from mailhooks".to_owned()),
        ..example
    };
    Event { test: true, ..Event::accept(facts, tenant, None, now) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_test_event_that_says_so() {
        let now = Timestamp::UNIX_EPOCH;
        let tenant = TenantId::mint(now, [1; 10]);
        for event_type in EventType::deliverable() {
            let event = test_event(event_type, tenant, now, "k");
            assert!(event.test && event.facts.event_type == event_type);
        }
    }
}
