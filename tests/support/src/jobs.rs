//! Every kind of job as this release writes it, with and without its optional fields, and how a newer release could
//! change a job.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use shared::breaker::ProbeId;
use shared::event::{Event, Facts};
use shared::id::{RecoveryId, WebhookId};
use shared::queue::job::{
    DeliverJob, DispatchJob, Job, OverdueJob, Probe, RecoveryPage, ReleaseHeld, Sweep, VerifyJob,
};
use shared::rate_limit::{RateLimit, Slot};
use shared::unknown_fields::UnknownFields;
use shared::webhook::VerificationId;

/// One job of each kind, with and without its optional fields, each with a name.
pub fn every_job(webhook: WebhookId, event: &Event) -> Vec<(&'static str, Job)> {
    let event = Event { facts: Facts { raw: None, ..event.facts.clone() }, ..event.clone() };
    let (tenant, unknown, at) = (event.tenant, UnknownFields::default(), Timestamp::UNIX_EPOCH);
    let first = DeliverJob::first(webhook, &event);
    let slot = RateLimit::new(5).map(|limit| Slot { begins_at: at, limit, attempt: 2, shared: true });
    let by_reference = DeliverJob { inline: None, round: 3, resend: true, ..first.clone() };
    let dispatch = DispatchJob::of(&event);
    let probe = ProbeId::generate([3; 10]);
    let verification = VerificationId::generate([5; 10]);
    let recovery = RecoveryId::mint(at, [4; 10]);
    let mut jobs = vec![
        ("deliver-inline", Job::Deliver(first.clone())),
        ("deliver-slot", Job::Deliver(DeliverJob { slot, round: 2, ..first })),
        ("deliver-by-reference", Job::Deliver(by_reference)),
        ("probe", Job::Probe(Probe { tenant, webhook, probe, unknown: unknown.clone() })),
        ("verify", Job::Verify(VerifyJob { tenant, webhook, verification, unknown: unknown.clone() })),
        ("recovery", Job::Recovery(RecoveryPage { tenant, recovery, page: 0, unknown: unknown.clone() })),
        ("recovery-page", Job::Recovery(RecoveryPage { tenant, recovery, page: 7, unknown: unknown.clone() })),
        ("dispatch", Job::Dispatch(dispatch.clone())),
        ("dispatch-after", Job::Dispatch(DispatchJob { after: Some(webhook.to_string()), ..dispatch })),
    ];
    for (names, after) in
        [(["recover", "overdue", "sweep"], None), (["recover-after", "overdue-after", "sweep-after"], Some("x"))]
    {
        let (after, unknown) = (after.map(str::to_owned), unknown.clone());
        let looked_at = after.is_some().then_some((tenant, webhook));
        jobs.extend([
            (
                names[0],
                Job::ReleaseHeld(ReleaseHeld { tenant, webhook, after: after.clone(), unknown: unknown.clone() }),
            ),
            (names[1], Job::Overdue(OverdueJob { tenant, webhook, after: after.clone(), unknown: unknown.clone() })),
            (names[2], Job::Sweep(Sweep { after, looked_at, unknown })),
        ]);
    }
    jobs
}

/// A field as only a newer release knows it.
pub const INSERTED: &str = "zz_new";

/// The value of the field.
pub fn inserted() -> Value {
    json!({"a": [1, -0.5, "ä", null], "b": {"c": u64::MAX}})
}

/// Whether `body` has the field at `pointer`, the path of the object that it was inserted into.
pub fn has_inserted(body: &str, pointer: &str) -> bool {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    body.pointer(pointer).and_then(|object| object.get(INSERTED)) == Some(&inserted())
}

/// The bodies that a newer release could write instead of `body`: each with one field more, in each object with fields
/// of ours. Each has the path of its object.
pub fn with_one_field_more(body: &str) -> Vec<(&'static str, String)> {
    let changed = ["", "/inline", "/inline/about", "/slot"].into_iter().filter_map(|pointer| {
        let mut body: Value = serde_json::from_str(body).ok()?;
        let object: &mut Map<String, Value> = body.pointer_mut(pointer)?.as_object_mut()?;
        object.insert(INSERTED.to_owned(), inserted());
        Some((pointer, body.to_string()))
    });
    changed.collect()
}

/// The bodies that a newer release could write instead of `body`, and that this release must not act on: each with one
/// word that this release does not know, or with a higher version. Each has the path of what was changed.
pub fn with_a_newer_word(body: &str) -> Vec<(&'static str, String)> {
    let words = [
        "/kind",
        "/inline/type",
        "/inline/provider",
        "/inline/bounce",
        "/inline/reject",
        "/inline/about/reason",
        "/inline/about/etype",
    ];
    let versions = ["/v", "/inline/v"].map(|pointer| (pointer, json!(2)));
    let changed =
        words.map(|pointer| (pointer, json!(INSERTED))).into_iter().chain(versions).filter_map(|(pointer, value)| {
            let mut body: Value = serde_json::from_str(body).ok()?;
            *body.pointer_mut(pointer)? = value;
            Some((pointer, body.to_string()))
        });
    changed.collect()
}
