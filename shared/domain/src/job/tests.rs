//! Jobs read back as they were written.

use jiff::Timestamp;

use super::*;
use crate::breaker::ProbeId;
use crate::event::{EventType, Facts, MAX_ROW_BYTES, METADATA_NESTING, Raw};
use crate::id::{RecoveryId, TenantId};
use crate::provider::Provider;
use crate::rate_limit::{RateLimit, Slot};

fn event(diagnostic: &str) -> Event {
    let at = Timestamp::UNIX_EPOCH;
    let mut facts = Facts::new(EventType::Bounced, Provider::Own, "email.bounced", "k", at);
    facts.diagnostic = Some(diagnostic.to_owned());
    Event::accept(facts, TenantId::mint(at, [1; 10]), None, at)
}

fn webhook() -> WebhookId {
    WebhookId::mint(Timestamp::UNIX_EPOCH, [2; 10])
}

#[test]
fn jobs_read_back() {
    let deliver = Job::first(webhook(), &event("short"));
    assert_eq!(Job::from_json(&deliver.to_json()).unwrap(), deliver);
    let Job::Deliver(job) = deliver else { panic!("not a delivery") };
    let limit = RateLimit::new(5).unwrap();
    let slot = Slot { begins_at: Timestamp::UNIX_EPOCH, limit, attempt: 2, shared: true };
    let in_line = Job::Deliver(DeliverJob { slot: Some(slot), ..job });
    assert_eq!(Job::from_json(&in_line.to_json()).unwrap(), in_line);
    let tenant = TenantId::mint(Timestamp::UNIX_EPOCH, [1; 10]);
    let recover = Job::ReleaseHeld(ReleaseHeld { tenant, webhook: webhook(), after: Some("x".into()) });
    assert_eq!(Job::from_json(&recover.to_json()).unwrap(), recover);
    let probe = Job::Probe(Probe { tenant, webhook: webhook(), probe: ProbeId::generate([3; 10]) });
    assert_eq!(Job::from_json(&probe.to_json()).unwrap(), probe);
    for looked_at in [None, Some((tenant, webhook()))] {
        let sweep = Job::Sweep(Sweep { after: Some("ten_1".into()), looked_at });
        assert_eq!(Job::from_json(&sweep.to_json()).unwrap(), sweep);
    }
    let recovery = RecoveryId::mint(Timestamp::UNIX_EPOCH, [4; 10]);
    let page = Job::Recovery(RecoveryPage { tenant, recovery, page: 7 });
    assert_eq!(Job::from_json(&page.to_json()).unwrap(), page);
    let dispatch = Job::Dispatch(DispatchJob { after: Some("wh_x".to_owned()), ..DispatchJob::of(&event("")) });
    assert_eq!(Job::from_json(&dispatch.to_json()).unwrap(), dispatch);
    let overdue = Job::Overdue(OverdueJob { tenant, webhook: webhook(), after: Some("x".into()) });
    assert_eq!(Job::from_json(&overdue.to_json()).unwrap(), overdue);
    let verification = crate::webhook::VerificationId::generate([5; 10]);
    let verify = Job::Verify(VerifyJob { tenant, webhook: webhook(), verification });
    assert_eq!(Job::from_json(&verify.to_json()).unwrap(), verify);
    // The body that the template's schedule sends.
    assert_eq!(Job::from_json(r#"{"v":1,"kind":"sweep"}"#).unwrap(), Job::Sweep(Sweep::default()));
}

#[test]
fn large_events_travel_by_reference() {
    let job = Job::first(webhook(), &event(&"x".repeat(INLINE_LIMIT)));
    let Job::Deliver(read) = Job::from_json(&job.to_json()).unwrap() else { panic!("not a delivery") };
    assert_eq!(read.inline, None);
}

#[test]
fn a_job_carries_values_down_to_the_limit_of_nesting() {
    let nested = |levels: usize| {
        let mut event = event("short");
        let value = (1..levels).fold(serde_json::json!([]), |inner, _| serde_json::json!([inner]));
        event.facts.metadata.insert("x".to_owned(), value);
        event
    };
    let most = nested(METADATA_NESTING);
    Job::can_carry(&most).unwrap();
    let job = Job::first(webhook(), &most);
    assert_eq!(Job::from_json(&job.to_json()).unwrap(), job);
    assert!(matches!(
        Job::can_carry(&nested(METADATA_NESTING + 1)),
        Err(NotCarriedError::Unreadable(NotAJob::Shape(_)))
    ));
    // The job of a large event does not carry the event, but the event's row must be readable too.
    let mut large = nested(METADATA_NESTING + 1);
    large.facts.diagnostic = Some("x".repeat(INLINE_LIMIT));
    assert!(Job::can_carry(&large).is_err());
}

/// No event that is accepted comes near to this limit: the limits of each field see to that.
#[test]
fn a_job_carries_an_event_up_to_the_size_of_a_row() {
    let of = |bytes: usize, raw: usize| {
        let mut event = event(&"x".repeat(bytes));
        event.facts.raw = (raw > 0).then(|| Raw::Whole("r".repeat(raw)));
        Job::can_carry(&event)
    };
    let overhead = Job::first(webhook(), &event("")).to_json().len();
    assert!(of(MAX_ROW_BYTES - overhead, 0).is_ok());
    assert!(
        matches!(of(MAX_ROW_BYTES - overhead + 1, 0), Err(NotCarriedError::TooLarge(bytes)) if bytes > MAX_ROW_BYTES)
    );
    assert!(
        of(MAX_ROW_BYTES - overhead - 2_000, 1_000).is_ok() && of(MAX_ROW_BYTES - overhead - 2_000, 1_001).is_err()
    );
}

#[test]
fn a_job_carries_numbers_and_times_exactly() {
    let mut event = event("short");
    event.facts.metadata.insert("x".to_owned(), serde_json::json!([1.0, -0.0, 1e308, u64::MAX, i64::MIN, 5e-324]));
    Job::can_carry(&event).unwrap();
    // A row has the time of acceptance in milliseconds, and that of the event as it was received.
    event.facts.occurred_at = Timestamp::new(1, 1).unwrap();
    event.accepted_at = Timestamp::new(1, 1).unwrap();
    Job::can_carry(&event).unwrap();
}

#[test]
fn refuses_other_bodies() {
    for body in [
        "",
        "{}",
        r#"{"v":9,"kind":"deliver","tenant":"","webhook":""}"#,
        r#"{"v":1,"kind":"deliver","tenant":"x","webhook":"y"}"#,
    ] {
        assert!(Job::from_json(body).is_err(), "{body}");
    }
}
