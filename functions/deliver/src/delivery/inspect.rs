//! The stage `inspect`: what a job has to do, given its delivery's row.

use jiff::Timestamp;
use shared::clock::Clock;
use shared::delivery::DeliveryState;
use shared::delivery::job_verdict::{AttemptPlan, JobVerdict, judge};
use shared::queue::job::DeliverJob;
use shared::rate_limit::SlotStanding;
use shared::recovery::is_late;

use super::pending::Pending;
use super::record::Recorder;
use crate::dead_letter::dead_letter;
use crate::disposition::{Disposition, Stop};
use crate::places::Places;
use crate::queues::SourceQueue;
use crate::webhook_cache::{WebhookCache, WebhookState};

/// The attempt that a job has to make.
pub(crate) async fn inspect(
    pending: &Pending<'_>,
    webhooks: &WebhookCache,
    recorder: &Recorder,
    places: &Places,
    clock: &Clock,
) -> Result<AttemptPlan, Stop> {
    let (job, message) = (&pending.job, pending.message);
    wait_for_slot(job, webhooks, clock.now()).await?;
    let now = clock.now();
    let late = is_maybe_late(job, now);
    let fresh = message.source == SourceQueue::Deliveries && message.first_receive && job.round == 0 && !late;
    let row = if fresh { None } else { recorder.row(job.key()).await? };
    match judge(job.round, job.resend, row.as_ref(), now) {
        JobVerdict::Obsolete => Err(Disposition::Delete.into()),
        JobVerdict::ResendDeadLetter { reason } => Err(dead_letter(job, reason).into()),
        JobVerdict::NotDue { at } => Err(Disposition::RetryAt { at }.into()),
        // A recovery may have taken a late delivery for missing.
        JobVerdict::Attempt(plan) => {
            if let Some(DeliveryState::Waiting { next_attempt_at }) = row.as_ref().map(|row| row.state) {
                places.retry_was_due(next_attempt_at, message.source, now);
            }
            Ok(AttemptPlan { needs_claim: plan.needs_claim || (late && row.is_none()), ..plan })
        }
    }
}

/// Whether a recovery may have sent a job for the same delivery before this job makes the first attempt, or this is an
/// old job that came back from the dead-letter queue: a redrive makes a new message of it, received for the first time.
/// If the event does not travel with the job, its age is not known and the job counts as late; only large events do not
/// travel.
fn is_maybe_late(job: &DeliverJob, now: Timestamp) -> bool {
    job.inline.as_ref().is_none_or(|event| is_late(event.accepted_at, job.webhook, now))
}

/// If the job's slot is in the future, requeues the job without reading its row. The line for slots can be much longer
/// than SQS's maximum delay (15 min).
async fn wait_for_slot(job: &DeliverJob, webhooks: &WebhookCache, now: Timestamp) -> Result<(), Stop> {
    let Some(slot) = job.slot else { return Ok(()) };
    let state = webhooks.get(job.tenant, job.webhook, now).await?;
    let limit = state.filter(WebhookState::takes_attempts).and_then(|state| state.webhook.rate_limit);
    if limit.is_some_and(|limit| slot.standing(limit, now) == SlotStanding::Early) {
        return Err(Disposition::Requeue { job: Box::new(job.clone()), at: slot.begins_at }.into());
    }
    Ok(())
}
