//! One attempt: render, sign, post, decide, record.

use std::time::Duration;

use jiff::Timestamp;
use shared::clock::random_jitter;
use shared::delivery::{Attempt, DeadReason, DeliveryState};
use shared::dialect::Dialect;
use shared::event::Event;
use shared::outbound::{Answered, Post};
use shared::queue::job::Deliver as DeliverJob;
use shared::retry::{Decision, decide};
use shared::store::StoreError;
use shared::store::deliveries::{Change, Expected};
use shared::webhook::{DisabledReason, Webhook};

use crate::carry_out::bury;
use crate::standing::{Standing, Turn, standing};
use crate::{Deliver, Next};

/// Makes the attempt that it is the turn of, and says what becomes of its message.
pub(crate) async fn attempt(
    job: &DeliverJob,
    event: &Event,
    webhook: &Webhook,
    turn: Turn,
    room: &Deliver,
) -> Result<Next, StoreError> {
    let at = room.clock.now();
    let answered = post(event, webhook, at, room).await;
    let now = room.clock.now();
    let decision = decide(&answered.outcome, turn.number, &webhook.retry_policy, now, random_jitter());
    if decision != Decision::Done {
        log_failure(job, turn, &answered);
    }
    let state = match decision {
        Decision::Done => DeliveryState::Delivered,
        Decision::Retry { at } => DeliveryState::Waiting { next_attempt_at: at },
        Decision::Dead { reason } => DeliveryState::Dead { reason },
        Decision::Disable => DeliveryState::Dead { reason: DeadReason::Gone },
    };
    let attempt = Attempt {
        number: turn.number,
        round: turn.round,
        at,
        outcome: answered.outcome,
        duration_ms: answered.duration_ms,
        address: answered.address,
        answer: answered.answer,
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
        Err(StoreError::Conflict) => return outrun(&change, room).await,
        Err(error) => return Err(error),
    }
    match decision {
        Decision::Done => Ok(Next::Finish),
        Decision::Retry { at } => Ok(Next::Wait { until: at }),
        Decision::Dead { reason } => Ok(bury(job, reason)),
        Decision::Disable => {
            // After the row: a crash in between leaves the webhook enabled until its next 410, and this delivery dead.
            room.registry.disable_webhook(job.tenant, job.webhook, DisabledReason::Gone, now).await?;
            room.webhooks.forget(job.tenant, job.webhook);
            Ok(bury(job, DeadReason::Gone))
        }
    }
}

async fn post(event: &Event, webhook: &Webhook, at: Timestamp, room: &Deliver) -> Answered {
    let body = webhook.dialect.body(event);
    let headers = webhook.dialect.signature_headers(&webhook.secrets.at(at), event.id, at, &body);
    let post = Post {
        url: &webhook.url,
        headers: &headers,
        content_type: webhook.dialect.content_type(),
        body,
        time_limit: Duration::from_millis(u64::from(webhook.timeout_ms)),
        accepts: match webhook.dialect {
            Dialect::Standard => |status| Dialect::Standard.accepts(status),
            Dialect::Platform => |status| Dialect::Platform.accepts(status),
        },
    };
    room.outbound.post(post, at).await
}

/// Another copy of the job recorded an attempt while ours was under way. What a receiver has accepted is delivered
/// whatever the row says; otherwise the row decides, and the other copy's message is as good as ours.
async fn outrun(change: &Change<'_>, room: &Deliver) -> Result<Next, StoreError> {
    tracing::warn!(
        tenant.id = %change.tenant,
        webhook.id = %change.webhook,
        event.id = %change.event,
        "another copy of the job of {} was faster",
        change.event
    );
    let row = room.deliveries.get(change.tenant, change.webhook, change.event).await?;
    let delivered = row.as_ref().is_some_and(|row| row.state == DeliveryState::Delivered);
    if change.state == DeliveryState::Delivered && !delivered {
        let round = row.as_ref().map_or(change.round, |row| row.round.max(change.round));
        room.deliveries.write(&Change { expected: Expected::Any, round, ..*change }).await?;
        return Ok(Next::Finish);
    }
    Ok(match standing(change.round, row.as_ref(), room.clock.now()) {
        Standing::NotDue { at } => Next::Wait { until: at },
        // Its own copy sends the dead letter, and is still there if it has not.
        Standing::Void | Standing::BuryAgain { .. } => Next::Finish,
        Standing::Attempt(_) => Next::ComeBack,
    })
}

fn log_failure(job: &DeliverJob, turn: Turn, answered: &Answered) {
    tracing::info!(
        tenant.id = %job.tenant,
        webhook.id = %job.webhook,
        event.id = %job.event,
        attempt.round = turn.round,
        attempt.number = turn.number,
        outcome = answered.outcome.code(),
        http.status = answered.outcome.status(),
        duration_ms = answered.duration_ms,
        "attempt {} of {} failed",
        turn.number,
        job.event
    );
}
