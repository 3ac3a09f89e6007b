//! One attempt: render, sign, post, decide, record.

use shared::clock::random_jitter;
use shared::delivery::{Attempt, Delivery, DeliveryState, Outcome, Via};
use shared::event::Event;
use shared::queue::job::Deliver as DeliverJob;
use shared::retry::{Decision, decide};
use shared::store::StoreError;
use shared::store::deliveries::Change;

use crate::carry_out::bury;
use crate::post::post;
use crate::webhooks::Known;
use crate::{Deliver, Next, breaker};
use shared::delivery::standing::{Expected, Standing, Turn, standing};

/// How often a delivery is written as accepted while rounds of it are begun in between, each by somebody's request.
const INSISTENCE: u8 = 3;

/// Makes the attempt that it is the turn of, and says what becomes of its message.
pub(crate) async fn attempt(
    job: &DeliverJob,
    event: &Event,
    known: &Known,
    turn: Turn,
    room: &Deliver,
) -> Result<Next, StoreError> {
    let webhook = &known.webhook;
    let at = room.clock.now();
    let posted = post(event, webhook, at, room).await;
    let now = room.clock.now();
    let ending = posted.ending();
    let decision = decide(&ending, turn.number, &webhook.retry_policy, now, random_jitter());
    let attempt = posted.into_attempt(turn, at);
    if !matches!(attempt.outcome, Outcome::Delivered { .. }) {
        log_failure(job, &attempt);
    }
    if let Decision::Disable { disabled, .. } = decision {
        // Before the row: once that says dead nothing comes back to do it. After a crash in between the job finds the
        // webhook disabled, and the delivery is held. Forgotten first, for a failed call may have taken effect.
        room.webhooks.forget(job.tenant, job.webhook);
        room.registry.disable_webhook(job.tenant, job.webhook, disabled, now).await?;
    }
    let (state, next) = match decision {
        Decision::Done | Decision::Disable { dead: None, .. } => (DeliveryState::Delivered, Next::Finish),
        Decision::Retry { at } => (DeliveryState::Waiting { next_attempt_at: at }, Next::Wait { until: at }),
        Decision::Dead { reason } | Decision::Disable { dead: Some(reason), .. } => {
            (DeliveryState::Dead { reason }, bury(job, reason))
        }
    };
    let change = Change {
        tenant: job.tenant,
        webhook: job.webhook,
        event: job.event,
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
        Err(StoreError::Conflict) => return outrun(job, &change, room).await,
        Err(error) => return Err(error),
    }
    match decision {
        Decision::Done => breaker::note_success(job.tenant, known, room).await,
        Decision::Retry { .. } | Decision::Dead { .. } => breaker::note_failure(job.tenant, known, room).await,
        // Disabled already.
        Decision::Disable { .. } => {}
    }
    Ok(next)
}

/// The row moved on while our attempt was under way: another copy of the job was faster, or our own write took effect,
/// its answer was lost, and the SDK's second try met it. What a receiver has accepted is delivered whatever the row
/// says; otherwise the row decides.
async fn outrun(job: &DeliverJob, change: &Change<'_>, room: &Deliver) -> Result<Next, StoreError> {
    tracing::warn!(
        tenant.id = %change.tenant,
        webhook.id = %change.webhook,
        event.id = %change.event,
        "the row of {} moved on during an attempt",
        change.event
    );
    let row = room.deliveries.get(change.tenant, change.webhook, change.event).await?;
    if insist(change, row.as_ref(), room).await? {
        return Ok(Next::Finish);
    }
    Ok(match standing(change.round, false, row.as_ref(), room.clock.now()) {
        Standing::NotDue { at } => Next::Wait { until: at },
        Standing::Void => Next::Finish,
        // The row may be of our own writing, and then nobody else sends the letter. Twice is harmless: rounds see to it.
        Standing::BuryAgain { reason } => bury(job, reason),
        Standing::Attempt(_) => Next::ComeBack,
    })
}

/// Writes a delivery that a receiver has accepted as delivered, whatever its row says; answers whether that was needed.
pub(crate) async fn insist(change: &Change<'_>, row: Option<&Delivery>, room: &Deliver) -> Result<bool, StoreError> {
    let mut row = row.cloned();
    for _ in 0..INSISTENCE {
        let is_known = row.as_ref().is_some_and(|row| row.state == DeliveryState::Delivered);
        if change.state != DeliveryState::Delivered || is_known {
            return Ok(false);
        }
        let round = row.map_or(change.round, |row| row.round.max(change.round));
        match room.deliveries.write(&Change { expected: Expected::Any, round, ..*change }).await {
            Ok(()) => return Ok(true),
            // Another round was begun since the row was read.
            Err(StoreError::Conflict) => {
                row = room.deliveries.get(change.tenant, change.webhook, change.event).await?;
            }
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict)
}

pub(crate) fn log_failure(job: &DeliverJob, attempt: &Attempt) {
    tracing::info!(
        tenant.id = %job.tenant,
        webhook.id = %job.webhook,
        event.id = %job.event,
        attempt.round = attempt.round,
        attempt.number = attempt.number,
        attempt.backup = matches!(attempt.via, Via::Backup { .. }),
        outcome = attempt.outcome.code(),
        http.status = attempt.outcome.status(),
        duration_ms = attempt.duration_ms,
        "attempt {} of {} failed",
        attempt.number,
        job.event
    );
}
