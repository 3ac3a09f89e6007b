//! Jobs read back as they were written.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::breaker::ProbeId;
use crate::event::{EventType, Facts, MAX_ROW_BYTES, METADATA_NESTING, Raw};
use crate::id::{RecoveryId, TenantId};
use crate::provider::Provider;
use crate::rate_limit::{RateLimit, Slot};
use crate::unknown_fields::UnknownFields;

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
    let recover = Job::ReleaseHeld(ReleaseHeld {
        tenant,
        webhook: webhook(),
        after: Some("x".into()),
        unknown: UnknownFields::default(),
    });
    assert_eq!(Job::from_json(&recover.to_json()).unwrap(), recover);
    let probe = Job::Probe(Probe {
        tenant,
        webhook: webhook(),
        probe: ProbeId::generate([3; 10]),
        unknown: UnknownFields::default(),
    });
    assert_eq!(Job::from_json(&probe.to_json()).unwrap(), probe);
    for looked_at in [None, Some((tenant, webhook()))] {
        let sweep = Job::Sweep(Sweep { after: Some("ten_1".into()), looked_at, unknown: UnknownFields::default() });
        assert_eq!(Job::from_json(&sweep.to_json()).unwrap(), sweep);
    }
    let recovery = RecoveryId::mint(Timestamp::UNIX_EPOCH, [4; 10]);
    let page = Job::Recovery(RecoveryPage { tenant, recovery, page: 7, unknown: UnknownFields::default() });
    assert_eq!(Job::from_json(&page.to_json()).unwrap(), page);
    let dispatch = Job::Dispatch(DispatchJob { after: Some("wh_x".to_owned()), ..DispatchJob::of(&event("")) });
    assert_eq!(Job::from_json(&dispatch.to_json()).unwrap(), dispatch);
    let overdue = Job::Overdue(OverdueJob {
        tenant,
        webhook: webhook(),
        after: Some("x".into()),
        unknown: UnknownFields::default(),
    });
    assert_eq!(Job::from_json(&overdue.to_json()).unwrap(), overdue);
    let verification = crate::webhook::VerificationId::generate([5; 10]);
    let verify = Job::Verify(VerifyJob { tenant, webhook: webhook(), verification, unknown: UnknownFields::default() });
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
        Err(NotCarriedError::Unreadable(JobReadError::Broken(NotAJob::Shape(_))))
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

fn body_of(change: impl FnOnce(&mut Value)) -> String {
    let mut body = serde_json::from_str(&Job::first(webhook(), &event("short")).to_json()).unwrap();
    change(&mut body);
    body.to_string()
}

#[test]
fn a_word_or_a_version_of_a_newer_release_makes_a_newer_job() {
    for (what, body) in [
        ("kind", body_of(|body| body["kind"] = json!("zz_new"))),
        ("version", body_of(|body| body["v"] = json!(2))),
        ("version", body_of(|body| body["v"] = json!(70_000))),
        ("version", body_of(|body| *body = json!({"v": 2, "anything": [1]}))),
        ("version", body_of(|body| (body["v"], body["kind"], body["tenant"]) = (json!(2), json!(7), json!([])))),
        ("event", body_of(|body| body["inline"]["v"] = json!(2))),
        ("event", body_of(|body| body["inline"] = json!({"v": 2}))),
        ("event", body_of(|body| body["inline"]["type"] = json!("email.zz_new"))),
        ("event", body_of(|body| body["inline"]["provider"] = json!("zz_new"))),
        ("event", body_of(|body| body["inline"]["bounce"] = json!("zz_new"))),
        ("event", body_of(|body| body["inline"]["reject"] = json!("zz_new"))),
        ("event", body_of(|body| body["inline"]["about"] = json!({"webhook": webhook().to_string()}))),
    ] {
        let read = Job::from_json(&body);
        let Err(JobReadError::Newer(newer)) = &read else { panic!("{body}: {read:?}") };
        assert!(newer.to_string().contains(what), "{body}: {newer}");
    }
    let Err(JobReadError::Newer(newer)) = Job::from_json(&body_of(|body| body["v"] = json!(2))) else { panic!() };
    let tenant = TenantId::mint(Timestamp::UNIX_EPOCH, [1; 10]);
    assert_eq!((newer.tenant(), newer.group()), (Some(tenant), tenant.to_string()));
    let Err(JobReadError::Newer(newer)) = Job::from_json(r#"{"v":2,"tenant":"not a tenant"}"#) else { panic!() };
    assert_eq!((newer.tenant(), newer.group().as_str()), (None, "newer-release"));
}

#[test]
fn what_no_release_writes_is_broken() {
    for body in [
        String::new(),
        "{}".to_owned(),
        "[2]".to_owned(),
        r#"{"v":1}"#.to_owned(),
        r#"{"kind":"zz_new"}"#.to_owned(),
        r#"{"v":"2","kind":"deliver"}"#.to_owned(),
        r#"{"v":1,"kind":"deliver","tenant":"x","webhook":"y"}"#.to_owned(),
        body_of(|body| body["v"] = json!(0)),
        body_of(|body| body["v"] = json!(-1)),
        body_of(|body| body["kind"] = json!(7)),
        body_of(|body| body["round"] = json!("1")),
        body_of(|body| body["slot"] = json!({"at": "x"})),
        body_of(|body| body["inline"]["at"] = json!("yesterday")),
        body_of(|body| body["inline"] = json!("x")),
        body_of(|body| body["inline"] = json!({"v": 1})),
        body_of(|body| body["inline"] = json!([2])),
    ] {
        let read = Job::from_json(&body);
        assert!(matches!(read, Err(JobReadError::Broken(_))), "{body}: {read:?}");
    }
}
