//! Brings a webhook's held deliveries back when it takes attempts again: page by page to the deliveries queue, each in a
//! new round, so that jobs of the old one are void. The job for the next page goes the same way; a crash repeats a page,
//! and rounds make that harmless. For a deleted webhook the jobs find no webhook, and their deliveries end as discarded.

use shared::delivery::StateKind;
use shared::queue::Outgoing;
use shared::queue::job::{Job, Recover};
use shared::rate_limit::RateLimit;
use shared::recovery::{DEFAULT_RATE, Pace};
use shared::store::StoreError;
use shared::store::deliveries::Stuck;

use crate::maintenance::recovery::{next_round, paced};
use crate::{Deliver, Next};

/// Sends one page of held deliveries and the job for the next. A receiver that was down a moment ago is not met with all
/// of it at once.
pub(crate) async fn recover(job: &Recover, room: &Deliver) -> Result<Next, StoreError> {
    let now = room.clock.now();
    let known = room.webhooks.get_afresh(&room.registry, job.tenant, job.webhook, now).await?;
    if known.as_ref().is_some_and(|known| !known.takes_attempts()) {
        // Disabled, paused or open again meanwhile: what lets it go the next time recovers.
        return Ok(Next::Finish);
    }
    // Faster than its rate limit they would only wait in line.
    let limit = known.and_then(|known| known.webhook.rate_limit).map_or(DEFAULT_RATE, RateLimit::per_second);
    let pace = Pace::of(limit.min(DEFAULT_RATE));
    let (order, after) = (Stuck::OldestFirst, job.after.as_deref());
    let held = room.deliveries.list_stuck(job.tenant, job.webhook, StateKind::Held, order, after, pace.page()).await?;
    let jobs: Vec<Job> = held.items.iter().map(next_round).collect();
    let mut outgoing = paced(&jobs, pace);
    if let Some(after) = held.next {
        room.registry.note_recovering(job.tenant, job.webhook, now).await?;
        let pause = u16::try_from(pace.pause_after(jobs.len() as u64).as_secs()).unwrap_or(u16::MAX);
        outgoing.push(Outgoing::later(&Job::Recover(Recover { after: Some(after), ..job.clone() }), pause));
    }
    Ok(Next::Forward(outgoing))
}
