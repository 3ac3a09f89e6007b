//! Jobs that cannot be read. They would only come back again and again, so they are given up: with a dead delivery, if
//! they still name one.

use shared::clock::Clock;
use shared::delivery::DeadReason;
use shared::delivery::job_verdict::{JobVerdict, judge};
use shared::queue::job::{Job, NotAJob};

use super::record::Recorder;
use crate::dead_letter::{self, dead_letter};
use crate::disposition::{Disposition, Stop};
use crate::message::ReceivedMessage;
use crate::span;
use crate::webhook_cache::WebhookCache;

/// Gives up the delivery that the job names. Its dead letter refers to the event in the events table, so that a redrive
/// can still deliver it. A message that names no delivery goes to the dead-letter queue as it is.
pub(crate) async fn give_up(
    message: &ReceivedMessage,
    error: &NotAJob,
    webhooks: &WebhookCache,
    recorder: &Recorder,
    clock: &Clock,
) -> Result<Disposition, Stop> {
    let Some(job) = Job::named_in(&message.body) else {
        log(error);
        return Ok(dead_letter::unreadable(&message.body));
    };
    span::note(&message.span, &Job::Deliver(job.clone()));
    let row = recorder.row(job.key()).await?;
    let now = clock.now();
    let plan = match judge(job.round, job.resend, row.as_ref(), now) {
        JobVerdict::Obsolete => return Ok(Disposition::Delete),
        JobVerdict::ResendDeadLetter { reason } => return Ok(dead_letter(&job, reason)),
        JobVerdict::NotDue { at } => return Ok(Disposition::RetryAt { at }),
        JobVerdict::Attempt(plan) => plan,
    };
    log(error);
    Ok(match webhooks.get(job.tenant, job.webhook, now).await? {
        Some(state) => recorder.give_up(&job, plan, DeadReason::Unreadable, &state.webhook).await?,
        None => recorder.discard(&job, plan).await?,
    })
}

fn log(error: &NotAJob) {
    tracing::error!("the message is given up: it is {error}");
}
