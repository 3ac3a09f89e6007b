//! A part of what a recovery asks for of one webhook: the next held or dead deliveries.

use shared::delivery::{DeadReason, Delivery, DeliveryState, StateKind};
use shared::id::WebhookId;
use shared::queue::job::{DeliverJob, Job};
use shared::recovery::Recovery;
use shared::store::{Deliveries, Readable, StoreError, TimeRange};

/// A part of what a recovery asks for of one webhook.
pub(super) struct Chunk {
    pub(super) jobs: Vec<Job>,
    pub(super) looked_at: u64,
    /// The row after which the next chunk begins; `None` when nothing is left.
    pub(super) next: Option<String>,
}

/// The next deliveries of a webhook in `state`; at most `most` of them.
pub(super) async fn held_or_dead(
    recovery: &Recovery,
    webhook: WebhookId,
    state: StateKind,
    after: Option<&str>,
    most: usize,
    deliveries: &Deliveries,
) -> Result<Chunk, StoreError> {
    let range = TimeRange { from: recovery.since, to: recovery.until };
    let limit = u16::try_from(most).unwrap_or(u16::MAX);
    let page =
        deliveries.list_stuck_without_attempts(recovery.tenant, webhook, state, Some(range), after, limit).await?;
    let looked_at = page.items.len() as u64;
    let recoverable = page.items.iter().filter_map(Readable::as_read).filter(|delivery| has_event(delivery));
    let jobs = recoverable.map(|delivery| Job::Deliver(DeliverJob::next_round(delivery))).collect();
    Ok(Chunk { jobs, looked_at, next: page.next })
}

/// Whether the event may still be stored. A delivery that is dead because its event is gone would only die of that
/// again.
fn has_event(delivery: &Delivery) -> bool {
    delivery.state != DeliveryState::Dead { reason: DeadReason::EventExpired }
}
