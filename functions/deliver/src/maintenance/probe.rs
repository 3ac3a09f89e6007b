//! The probe of an open breaker: one message for the whole outage. It waits in the retries queue like any other job,
//! tries the oldest held delivery when it is due, and either closes the breaker or waits again, longer. It claims no slot
//! of a rate limit: while it tries, nothing else is posted to its webhook.

use jiff::Timestamp;
use shared::breaker::{AfterProbe, ClosedReason, Open, ProbeStanding, probe_standing};
use shared::clock::random_jitter;
use shared::delivery::{Delivery, DeliveryState, StateKind};
use shared::event::Event;
use shared::queue::Outgoing;
use shared::queue::job::{Deliver as DeliverJob, Job, Probe, Recover};
use shared::retry::{Decision, decide};
use shared::store::StoreError;
use shared::store::deliveries::{Change, Stuck};
use shared::webhook::{DisabledReason, Webhook};

use crate::budget::fits;
use crate::delivery::attempt::{insist, log_failure};
use crate::delivery::send::post;
use crate::stored_event::{self as stored, Stored};
use crate::{Deliver, Next, operational as tell};
use shared::delivery::standing::{Standing, standing};

/// Of how many held deliveries one with a stored event is looked for. Events expire before their deliveries, if at all,
/// so more than one without is rare.
const CANDIDATES: u8 = 10;

/// Carries out a probe job.
pub(crate) async fn probe(job: &Probe, room: &Deliver, deadline: Timestamp) -> Result<Next, StoreError> {
    let now = room.clock.now();
    let known = room.webhooks.get_afresh(&room.registry, job.tenant, job.webhook, now).await?;
    // Deleted, disabled or paused meanwhile: whatever lets it go forgets the breaker and recovers.
    let Some(known) = known.filter(|known| !known.webhook.holds_deliveries()) else {
        return Ok(Next::Finish);
    };
    let open = match probe_standing(known.breaker, &job.probe) {
        ProbeStanding::Good(open) if now < open.next_probe_at => return Ok(Next::Wait { until: open.next_probe_at }),
        ProbeStanding::Good(open) => open,
        ProbeStanding::HasClosed => return Ok(recover(job)),
        ProbeStanding::Void => return Ok(Next::Finish),
    };
    if !fits(&known.webhook, now, deadline) {
        return Ok(Next::ComeBack);
    }
    let Some((delivery, event)) = oldest_held(job, room).await? else {
        // What failed before still waits for its time, or has ended. The next delivery is the probe then.
        let failures = open.failures_left(known.webhook.breaker);
        tell::close_breaker(&known.webhook, &open, failures, ClosedReason::NothingHeld, room).await?;
        return Ok(closed(job, room));
    };
    match try_once(job, &known.webhook, &delivery, &event, room).await? {
        Decision::Done => {
            tell::close_breaker(&known.webhook, &open, 0, ClosedReason::Recovered, room).await?;
            Ok(closed(job, room))
        }
        Decision::Disable { disabled, .. } => {
            tell::disable(&known.webhook, disabled, None, room.clock.now(), room).await?;
            Ok(Next::Finish)
        }
        Decision::Retry { .. } | Decision::Dead { .. } => again(job, &known.webhook, &open, room).await,
    }
}

async fn oldest_held(job: &Probe, room: &Deliver) -> Result<Option<(Delivery, Event)>, StoreError> {
    let (order, held) = (Stuck::OldestFirst, StateKind::Held);
    let page = room.deliveries.list_stuck(job.tenant, job.webhook, held, order, None, CANDIDATES).await?;
    for delivery in page.items {
        if let Stored::Event(event) = stored::event(job.tenant, delivery.event, room).await? {
            return Ok(Some((delivery, *event)));
        }
    }
    Ok(None)
}

/// One attempt of a held delivery, which stays held unless it is accepted: its schedule is not used up by probes, and
/// the recovery that follows an outage gives it a whole one. It is the last in line then, so that one event that the
/// receiver will never take does not keep the breaker open.
async fn try_once(
    job: &Probe,
    webhook: &Webhook,
    held: &Delivery,
    event: &Event,
    room: &Deliver,
) -> Result<Decision, StoreError> {
    let at = room.clock.now();
    let Standing::Attempt(turn) = standing(held.round, false, Some(held), at) else {
        // The index follows the table a little later: it is held no more.
        return Ok(Decision::Retry { at });
    };
    let Some(posted) = post(&[event], webhook, at, room).await.pop() else { return Ok(Decision::Retry { at }) };
    let now = room.clock.now();
    let began = turn.began.unwrap_or(at);
    let decision = decide(&posted.ending(), turn.number, began, &webhook.retry_policy, now, random_jitter());
    let attempt = posted.attempt(turn, at);
    let state = match decision {
        Decision::Done | Decision::Disable { dead: None, .. } => DeliveryState::Delivered,
        Decision::Retry { .. } | Decision::Dead { .. } | Decision::Disable { dead: Some(_), .. } => DeliveryState::Held,
    };
    if state == DeliveryState::Held {
        let delivery = DeliverJob {
            tenant: job.tenant,
            webhook: job.webhook,
            event: event.id,
            round: turn.round,
            inline: None,
            resend: false,
            slot: None,
        };
        log_failure(&delivery, &attempt);
    }
    let change = Change {
        tenant: job.tenant,
        webhook: job.webhook,
        event: event.id,
        event_type: event.facts.event_type,
        expected: turn.expected,
        round: turn.round,
        round_attempts: turn.number,
        attempt: Some(&attempt),
        forget_attempts: turn.forget_attempts,
        state,
        now,
    };
    match room.deliveries.write(&change).await {
        Ok(()) => {}
        // Somebody recovered it meanwhile; what the receiver answered counts all the same.
        Err(StoreError::Conflict) => {
            let row = room.deliveries.get(job.tenant, job.webhook, event.id).await?;
            insist(&change, row.as_ref(), room).await?;
        }
        Err(error) => return Err(error),
    }
    Ok(decision)
}

fn closed(job: &Probe, room: &Deliver) -> Next {
    room.webhooks.forget(job.tenant, job.webhook);
    recover(job)
}

/// The job that brings back what was held.
fn recover(job: &Probe) -> Next {
    let recover = Job::Recover(Recover { tenant: job.tenant, webhook: job.webhook, after: None });
    Next::Forward(vec![Outgoing::now(&recover)])
}

async fn again(job: &Probe, webhook: &Webhook, open: &Open, room: &Deliver) -> Result<Next, StoreError> {
    let now = room.clock.now();
    match open.after_failed_probe(webhook.breaker, now) {
        AfterProbe::Again(next) => {
            let until = next.next_probe_at;
            let is_noted = room.registry.note_failed_probe(job.tenant, job.webhook, &next).await?;
            Ok(if is_noted { Next::Wait { until } } else { Next::ComeBack })
        }
        AfterProbe::GiveUp => {
            tell::disable(webhook, DisabledReason::Failing, Some(open.since), now, room).await?;
            Ok(Next::Finish)
        }
    }
}
