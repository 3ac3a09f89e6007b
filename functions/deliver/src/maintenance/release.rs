//! Releases a webhook's held deliveries after the webhook takes attempts again: page by page to the deliveries queue,
//! each delivery in a new round, so that jobs of the old round are obsolete. The job for the next page goes to the same
//! queue. A crash repeats a page, and rounds make that harmless. If the webhook was deleted, the jobs find no webhook,
//! and their deliveries end as discarded.

use jiff::Timestamp;
use shared::delivery::StateKind;
use shared::queue::Outgoing;
use shared::queue::job::{DeliverJob, Job, ReleaseHeld};
use shared::rate_limit::RateLimit;
use shared::recovery::{DEFAULT_RATE_PER_SECOND, Pace};
use shared::store::Readable;

use super::pacing::paced;
use crate::disposition::{Disposition, Stop};
use crate::stores::Stores;
use crate::webhook_cache::WebhookCache;

/// Sends one page of held deliveries and the job for the next page, at a pace: the receiver may have been down a moment
/// ago.
pub(crate) async fn release(
    job: &ReleaseHeld,
    stores: &Stores,
    webhooks: &WebhookCache,
    now: Timestamp,
) -> Result<Disposition, Stop> {
    let (tenant, webhook) = (job.tenant, job.webhook);
    let state = webhooks.get_fresh(tenant, webhook, now).await?;
    if state.as_ref().is_some_and(|state| !state.takes_attempts()) {
        // The webhook was disabled or paused, its tenant was suspended, or its breaker opened, since the job was sent.
        // What ends that state releases again.
        return Ok(Disposition::Delete);
    }
    // Jobs that come faster than the webhook's rate limit would only wait in line.
    let limit = state.and_then(|state| state.webhook.rate_limit).map_or(DEFAULT_RATE_PER_SECOND, RateLimit::per_second);
    let pace = Pace::of(limit.min(DEFAULT_RATE_PER_SECOND));
    let (kind, after) = (StateKind::Held, job.after.as_deref());
    let deliveries = &stores.deliveries;
    let held = deliveries.list_stuck_without_attempts(tenant, webhook, kind, None, after, pace.page()).await?;
    let jobs: Vec<Job> = held
        .items
        .iter()
        .filter_map(Readable::as_read)
        .map(|held| Job::Deliver(DeliverJob::next_round(held)))
        .collect();
    let mut outgoing = paced(&jobs, pace);
    if let Some(after) = held.next {
        stores.releases.note_progress(tenant, webhook, now).await?;
        let pause = u16::try_from(pace.pause_after(jobs.len() as u64).as_secs()).unwrap_or(u16::MAX);
        outgoing.push(Outgoing::later(&Job::ReleaseHeld(ReleaseHeld { after: Some(after), ..job.clone() }), pause));
    }
    Ok(Disposition::Replace(outgoing))
}
