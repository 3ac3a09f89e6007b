//! The last check before an event is accepted: `dispatch` will read its row, and `deliver` its job. An event that they
//! could not read would have no delivery and no dead letter.

use shared::event::{Event, EventType, Facts, Raw, UNPARSED_LIMIT};
use shared::problem::Fault;
use shared::provider::InboundPostError;
use shared::queue::job::Job;

/// The event of a provider's post. If it cannot be read back, the result is what was received, as an event `unparsed`:
/// the API lists and shows such an event, and no webhook gets it. `body` is the whole post.
pub(crate) fn or_unparsed(event: Event, body: &[u8]) -> Event {
    match Job::can_carry(&event) {
        Ok(()) => event,
        Err(error) => {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(event.id = %event.id, error, "an event cannot be read back; it is kept as unparsed");
            unparsed(event, body)
        }
    }
}

/// Refuses own events that cannot be read back: their sender can correct them. `pointers` says where each of `events`
/// is in its request.
pub(crate) fn or_refused(events: &[Event], pointers: &[String]) -> Result<(), InboundPostError> {
    let unreadable = events.iter().zip(pointers).filter(|(event, _)| Job::can_carry(event).is_err());
    let faults: Vec<_> = unreadable
        .map(|(_, pointer)| Fault::new(pointer, "cannot be stored so that it reads back; simplify its metadata"))
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(InboundPostError::Invalid(faults)) }
}

/// An event under the same id, so that the provider's retry meets it, with nothing but what was received.
fn unparsed(event: Event, body: &[u8]) -> Event {
    let Facts { provider, provider_event, provider_event_id, occurred_at, raw, .. } = event.facts;
    let received = match raw {
        Some(Raw::Whole(text)) => text.into_bytes(),
        Some(Raw::Dropped { .. } | Raw::Body { .. }) | None => body.to_vec(),
    };
    let bytes = received.len();
    let kept = received.into_iter().take(UNPARSED_LIMIT).collect();
    let mut facts = Facts::new(EventType::Unparsed, provider, provider_event, provider_event_id, occurred_at);
    facts.diagnostic = Some("cannot be stored so that it reads back; kept as received".to_owned());
    facts.raw = Some(Raw::Body { kept, bytes });
    Event { facts, ..event }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;
    use shared::event::METADATA_NESTING;
    use shared::id::TenantId;
    use shared::provider::Provider;

    use super::*;

    /// The providers' modules flatten what is nested too deeply, so only a bug in one of them leads here.
    fn event(levels: usize, raw: Option<Raw>) -> Event {
        let at = Timestamp::UNIX_EPOCH;
        let mut facts = Facts::new(EventType::Delivered, Provider::Generic, "email.delivered", "k", at);
        let value = (1..levels).fold(json!([]), |inner, _| json!([inner]));
        facts.metadata.insert("x".to_owned(), value);
        facts.raw = raw;
        Event::accept(facts, TenantId::mint(at, [1; 10]), None, at)
    }

    #[test]
    fn what_reads_back_is_left_as_it_is() {
        let event = event(METADATA_NESTING, None);
        assert_eq!(or_unparsed(event.clone(), b"post"), event);
        assert_eq!(or_refused(&[event], &[String::new()]), Ok(()));
    }

    #[test]
    fn what_does_not_read_back_is_kept_under_the_same_id() {
        for (raw, kept) in [(Some(Raw::Whole("entry".to_owned())), "entry"), (Some(Raw::Dropped { bytes: 9 }), "post")]
        {
            let event = event(METADATA_NESTING + 1, raw);
            let unparsed = or_unparsed(event.clone(), b"post");
            assert_eq!((unparsed.id, unparsed.facts.event_type), (event.id, EventType::Unparsed));
            assert_eq!(unparsed.facts.raw, Some(Raw::Body { kept: kept.into(), bytes: kept.len() }));
            Job::can_carry(&unparsed).unwrap();
        }
    }

    #[test]
    fn own_events_that_do_not_read_back_are_named() {
        let events = [event(1, None), event(METADATA_NESTING + 1, None)];
        let pointers = ["/0".to_owned(), "/1".to_owned()];
        let Err(InboundPostError::Invalid(faults)) = or_refused(&events, &pointers) else { panic!("not refused") };
        assert_eq!(faults.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>(), ["/1"]);
    }
}
