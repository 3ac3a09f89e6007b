//! The probe of an open breaker: one message for the whole outage. Its first message goes to the deliveries queue with
//! a delay; after that it waits in the retries queue like any other job. When it is due, it tries the oldest held
//! delivery, and either closes the breaker or waits again, longer. It claims no slot of a rate limit: while it tries,
//! nothing else is sent to its webhook.

use jiff::Timestamp;
use shared::breaker::{AfterProbe, ClosedReason, Open, ProbeStanding, probe_standing};
use shared::clock::random_jitter;
use shared::delivery::job_verdict::{JobVerdict, judge};
use shared::delivery::{Delivery, DeliveryState, StateKind};
use shared::event::Event;
use shared::queue::Outgoing;
use shared::queue::job::{Job, Probe, ReleaseHeld};
use shared::retry::{Decision, decide};
use shared::store::deliveries::{HeldOrDeadOrder, INDEX_LAG_SECONDS};
use shared::store::{Readable, StoreError};
use shared::unknown_fields::UnknownFields;
use shared::webhook::{DisabledReason, Webhook};
use tracing::Instrument as _;

use crate::Deliver;
use crate::budget::fits;
use crate::delivery::attempt::log_failure;
use crate::delivery::send::send;
use crate::disposition::{Disposition, Stop};
use crate::health::Health;
use crate::isolate::log;
use crate::queues::SourceQueue;
use crate::span;
use crate::stored_event::{Lookup, find_event};
use crate::stores::Stores;

/// Maximum held deliveries among which one with a stored event is looked for. Reason: events expire before their
/// deliveries, if at all, so that more than one without an event is rare.
const MAX_CANDIDATES: u8 = 10;

/// Carries out a probe job.
pub(crate) async fn probe(
    job: &Probe,
    source: SourceQueue,
    room: &Deliver,
    deadline: Timestamp,
) -> Result<Disposition, Stop> {
    let now = room.clock.now();
    let state = room.webhooks.get_fresh(job.tenant, job.webhook, now).await?;
    // If the webhook was deleted, disabled or paused, or its tenant is suspended, the probe ends: what ends that state
    // closes the breaker and releases the deliveries.
    let Some(state) = state.filter(|state| !state.holds_deliveries()) else {
        return Ok(Disposition::Delete);
    };
    let open = match probe_standing(state.breaker, &job.probe) {
        ProbeStanding::Good(open) if now < open.next_probe_at => {
            return Ok(Disposition::RetryAt { at: open.next_probe_at });
        }
        ProbeStanding::Good(open) => open,
        ProbeStanding::HasClosed => return Ok(release(job)),
        ProbeStanding::Void => return Ok(Disposition::Delete),
    };
    // Five hundred receivers that hang have as many probes, and each occupies a place until its time limit.
    if source != SourceQueue::Slow && state.slowness.needs_slow_queue(now) {
        return Ok(Disposition::ToSlowQueue);
    }
    let webhook = &state.webhook;
    if !fits(webhook, now, deadline) {
        return Ok(Disposition::Redeliver);
    }
    let Some((delivery, event)) = oldest_held(job, &room.stores).await? else {
        // The deliveries that failed before still wait for their time, or have ended. The next one of them is the
        // probe.
        let failures = open.failures_left(webhook.breaker);
        room.health.close_breaker(webhook, &open, failures, ClosedReason::NothingHeld).await?;
        return Ok(closed(job, &room.health));
    };
    let began = room.clock.now();
    let tried = try_once(webhook, &delivery, &event, room).instrument(span::of_event(event.id)).await?;
    room.places.attempted(job.tenant, job.webhook, began, room.clock.now());
    let Some(tried) = tried else { return Ok(Disposition::Redeliver) };
    match tried {
        Decision::Done => {
            room.health.close_breaker(webhook, &open, 0, ClosedReason::Recovered).await?;
            Ok(closed(job, &room.health))
        }
        Decision::Disable { disabled, .. } => {
            room.health.disable(webhook, disabled, None, room.clock.now()).await?;
            Ok(Disposition::Delete)
        }
        Decision::Retry { .. } | Decision::Dead { .. } => Ok(again(job, webhook, &open, &room.health).await?),
    }
}

async fn oldest_held(job: &Probe, stores: &Stores) -> Result<Option<(Delivery, Event)>, StoreError> {
    let (order, held) = (HeldOrDeadOrder::OldestFirst, StateKind::Held);
    let page = stores.deliveries.list_stuck(job.tenant, job.webhook, held, order, None, MAX_CANDIDATES).await?;
    for delivery in page.items.into_iter().filter_map(Readable::read) {
        let found = find_event(job.tenant, delivery.event, &stores.events);
        if let Lookup::Found(event) = found.instrument(span::of_event(delivery.event)).await? {
            return Ok(Some((delivery, *event)));
        }
    }
    Ok(None)
}

/// Makes one attempt of a held delivery. The delivery stays held unless the receiver accepts it: probes do not use up
/// its schedule, and the release after the outage gives it a whole schedule. The written row makes it the last in line,
/// so that one event that the receiver will never take does not keep the breaker open. `None`: nothing was attempted,
/// because this function lacks something that a connection needs.
async fn try_once(
    webhook: &Webhook,
    held: &Delivery,
    event: &Event,
    room: &Deliver,
) -> Result<Option<Decision>, StoreError> {
    let at = room.clock.now();
    let JobVerdict::Attempt(plan) = judge(held.round, false, Some(held), at) else {
        // The index follows its table a little later: the delivery is not held any more.
        return Ok(Some(Decision::Retry { at }));
    };
    let sent = match send(&[event], webhook, at, &room.sender).await.pop() {
        Some(Ok(sent)) => sent,
        Some(Err(error)) => {
            log(&error, "the probe could not be made; its job comes back");
            return Ok(None);
        }
        None => return Ok(Some(Decision::Retry { at })),
    };
    let now = room.clock.now();
    let began = plan.began.unwrap_or(at);
    let decision = decide(&sent.end(), plan.number, began, &webhook.retry_policy, now, random_jitter());
    let attempt = sent.attempt(plan, at);
    let state = match decision {
        Decision::Done | Decision::Disable { dead: None, .. } => DeliveryState::Delivered,
        Decision::Retry { .. } | Decision::Dead { .. } | Decision::Disable { dead: Some(_), .. } => DeliveryState::Held,
    };
    if state == DeliveryState::Held {
        log_failure(held.event, &attempt);
    }
    room.recorder.probed(held.key(), event, plan, &attempt, state, now).await?;
    Ok(Some(decision))
}

fn closed(job: &Probe, health: &Health) -> Disposition {
    health.webhooks.forget(job.tenant, job.webhook);
    release(job)
}

/// The job that releases the held deliveries. It waits until the index has those that were held a moment ago.
fn release(job: &Probe) -> Disposition {
    let release = Job::ReleaseHeld(ReleaseHeld {
        tenant: job.tenant,
        webhook: job.webhook,
        after: None,
        unknown: UnknownFields::default(),
    });
    Disposition::Replace(vec![Outgoing::later(&release, INDEX_LAG_SECONDS)])
}

async fn again(job: &Probe, webhook: &Webhook, open: &Open, health: &Health) -> Result<Disposition, StoreError> {
    let now = health.clock.now();
    match open.after_failed_probe(webhook.breaker, now) {
        AfterProbe::Again(next) => {
            let at = next.next_probe_at;
            let is_noted = health.receivers.note_failed_probe(job.tenant, job.webhook, &next).await?;
            Ok(if is_noted { Disposition::RetryAt { at } } else { Disposition::Redeliver })
        }
        AfterProbe::GiveUp => {
            health.disable(webhook, DisabledReason::Failing, Some(open.since), now).await?;
            Ok(Disposition::Delete)
        }
    }
}
