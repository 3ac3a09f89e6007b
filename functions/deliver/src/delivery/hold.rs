//! The stage `admit`, with its effects: the deliveries that are not attempted are held, discarded or sent to the slow
//! queue.

use shared::clock::Clock;
use shared::delivery::DeadReason;
use shared::delivery::job_verdict::AttemptPlan;
use shared::queue::Outgoing;
use shared::queue::job::Job;

use super::admission::{Admission, admit};
use super::pending::Pending;
use super::record::Recorder;
use crate::disposition::{Disposition, Stop};
use crate::webhook_cache::{WebhookCache, WebhookState};

/// The webhook that the delivery may be attempted to, and the attempt.
///
/// This is a loop of at most two passes. A delivery that is not admitted is written as held; then the webhook is read
/// afresh and decides again. Reason: if the webhook was resumed before the row was written, the release that came with
/// the resume may have missed the row, and nothing else would wake it. So the delivery is released here, or discarded
/// if the webhook was deleted.
///
/// A held delivery is never attempted in its round. Its release is a job of the next round, here as in
/// `maintenance/release.rs`. Reason: two functions may have the same message, if its visibility ended while its batch
/// waited for a function. The one that finds the delivery held deletes the message. If the other attempted the delivery
/// in this round, it would keep the deleted message for the next attempt.
pub(crate) async fn admitted(
    pending: &Pending<'_>,
    plan: AttemptPlan,
    state: Option<WebhookState>,
    is_over_share: bool,
    webhooks: &WebhookCache,
    recorder: &Recorder,
    clock: &Clock,
) -> Result<(WebhookState, AttemptPlan), Stop> {
    let (job, source) = (&pending.job, pending.message.source);
    let (mut state, mut plan, mut is_fresh) = (state, plan, false);
    loop {
        match admit(state, source, is_over_share, clock.now()) {
            Admission::Attempt(_) | Admission::BySlowQueue if plan.held_since.is_some() => {
                let released = Outgoing::now(&Job::Deliver(job.in_next_round()));
                return Err(Disposition::Replace(vec![released]).into());
            }
            Admission::Attempt(state) => return Ok((*state, plan)),
            Admission::BySlowQueue => return Err(Disposition::ToSlowQueue.into()),
            Admission::Discard => return Err(recorder.discard(job, plan).await?.into()),
            // The delivery was held before, and the hold has lasted as long as the retention. This is the job of the
            // same round that the sweep had sent for that. The fresh state decides, because a webhook that takes
            // attempts by now gets the delivery.
            Admission::Hold(state) if is_fresh && recorder.ends_hold(plan) => {
                return Err(recorder.give_up(job, plan, DeadReason::EventExpired, &state.webhook).await?.into());
            }
            Admission::Hold(_) if is_fresh => return Err(Disposition::Delete.into()),
            Admission::Hold(_) => {
                if plan.held_since.is_none() {
                    plan = recorder.hold(job, plan).await?;
                }
                state = webhooks.get_fresh(job.tenant, job.webhook, clock.now()).await?;
                is_fresh = true;
            }
        }
    }
}
