//! What is overdue of one webhook. A waiting delivery whose message was lost is woken: first its row gets the next
//! round, then the job of this round is sent. If the message was not lost after all, its job is obsolete from then on,
//! so that there are never two jobs of one round. After a crash between the two the row waits again, is in the index,
//! and is found by a later sweep.
//!
//! A delivery that was held for as long as the retention is ended by a job of its own round (`delivery/hold.rs`).
//! Reason: such a job comes back after a crash and sends the dead letter again, and if the webhook takes attempts by
//! then, the job makes the attempt.

use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use shared::delivery::overdue::latest_overdue;
use shared::delivery::{Delivery, DeliveryState, StateKind};
use shared::queue::job::{DeliverJob, Job, OverdueJob};
use shared::queue::{MAX_DELAY_SECONDS, Outgoing};
use shared::store::deliveries::{INDEX_LAG_SECONDS, ListedDelivery};
use shared::store::{Page, Readable, StoreError, TimeRange};
use shared::webhook::Webhook;
use tracing::Instrument as _;

use crate::delivery::record::Recorder;
use crate::disposition::{Disposition, Stop};
use crate::isolate::log;
use crate::span;
use crate::stores::Stores;

/// Maximum deliveries of each kind in one page. Reason: with a page each five seconds, no webhook gets more than a
/// hundred of these in a second, as with a release.
const PAGE: u16 = 500;
/// Maximum rows that are written at the same time. Reason: a page takes a second or less.
const MAX_CONCURRENT_WRITES: usize = 32;

/// Carries out one page, and sends the job of the next one.
///
/// What is held comes after the last page of what waits, so that no page of it is listed twice. A delivery that could
/// not be written ends the pages, and a later sweep begins them again. It keeps no other delivery asleep that was woken
/// with it.
pub(crate) async fn overdue(job: &OverdueJob, stores: &Stores, recorder: &Recorder) -> Result<Disposition, Stop> {
    let now = recorder.clock.now();
    // What a deleted webhook owes is discarded by the jobs themselves.
    let Some(webhook) = stores.webhooks.get(job.tenant, job.webhook).await? else { return Ok(Disposition::Delete) };
    let waiting = waiting(&webhook, PAGE, stores, now).await?;
    let held = match waiting.next {
        Some(_) => Page { items: Vec::new(), next: job.after.clone() },
        None => held_too_long(&webhook, job.after.as_deref(), PAGE, stores, recorder, now).await?,
    };
    let mut outgoing: Vec<Outgoing> = held
        .items
        .iter()
        .filter_map(Readable::as_read)
        .map(|held| Outgoing::now(&Job::Deliver(DeliverJob::same_round(held))))
        .collect();
    let mut goes_on = match waiting.next {
        // A row that cannot be read stays in the index. A page with nothing else would be listed again and again.
        Some(_) => waiting.items.iter().any(|entry| entry.as_read().is_some()),
        None => held.next.is_some(),
    };
    let woken =
        stream::iter(waiting.items.into_iter().filter_map(Readable::read)).map(|delivery| wake(delivery, recorder));
    let woken: Vec<Result<Option<Outgoing>, StoreError>> = woken.buffered(MAX_CONCURRENT_WRITES).collect().await;
    for woken in woken {
        match woken {
            Ok(job) => outgoing.extend(job),
            Err(error) => {
                log(&error, "an overdue delivery could not be woken; a later sweep finds it again");
                goes_on = false;
            }
        }
    }
    if goes_on {
        // The rows that were written now are still in the index.
        let next = OverdueJob { after: held.next, ..job.clone() };
        outgoing.push(Outgoing::later(&Job::Overdue(next), INDEX_LAG_SECONDS));
    }
    Ok(Disposition::Replace(outgoing))
}

/// Whether a waiting delivery of a webhook is overdue.
pub(super) async fn has_overdue(webhook: &Webhook, stores: &Stores, now: Timestamp) -> Result<bool, StoreError> {
    Ok(!waiting(webhook, 1, stores, now).await?.items.is_empty())
}

/// What a webhook has held for as long as the retention, longest first.
async fn held_too_long(
    webhook: &Webhook,
    after: Option<&str>,
    limit: u16,
    stores: &Stores,
    recorder: &Recorder,
    now: Timestamp,
) -> Result<Page<ListedDelivery>, StoreError> {
    let range = TimeRange { from: Timestamp::UNIX_EPOCH, to: recorder.retention.latest_ended_hold(now) };
    let (tenant, id) = (webhook.tenant, webhook.id);
    stores.deliveries.list_stuck_without_attempts(tenant, id, StateKind::Held, Some(range), after, limit).await
}

/// The overdue deliveries of a webhook, soonest first. A webhook with a rate limit may have a line of jobs that are
/// due.
async fn waiting(
    webhook: &Webhook,
    limit: u16,
    stores: &Stores,
    now: Timestamp,
) -> Result<Page<ListedDelivery>, StoreError> {
    let (tenant, id) = (webhook.tenant, webhook.id);
    let line_end = match webhook.rate_limit {
        Some(_) => stores.rate_limits.line_end(tenant, id).await?,
        None => None,
    };
    let range = TimeRange { from: Timestamp::UNIX_EPOCH, to: latest_overdue(line_end, now) };
    stores.deliveries.list_stuck_without_attempts(tenant, id, StateKind::Waiting, Some(range), None, limit).await
}

/// Wakes a delivery. `None` if its row has changed since it was listed.
async fn wake(delivery: Delivery, recorder: &Recorder) -> Result<Option<Outgoing>, StoreError> {
    let DeliveryState::Waiting { next_attempt_at } = delivery.state else { return Ok(None) };
    let waking = recorder.wake(&delivery, next_attempt_at).instrument(span::of_event(delivery.event));
    if !waking.await? {
        return Ok(None);
    }
    tracing::warn!("the delivery of {} was overdue; its message was lost, and is sent again", delivery.event);
    Ok(Some(Outgoing::later(&Job::Deliver(DeliverJob::next_round(&delivery)), MAX_DELAY_SECONDS)))
}
