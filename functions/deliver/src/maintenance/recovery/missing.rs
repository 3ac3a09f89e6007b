//! Events that a webhook wants and that have no delivery: the webhook was created after them, or their jobs were lost.

use std::collections::HashSet;

use jiff::Timestamp;
use shared::event::Event;
use shared::id::EventId;
use shared::queue::job::{DeliverJob, Job};
use shared::recovery::{Recovery, may_be_missing};
use shared::store::{StoreError, TimeRange};
use shared::webhook::Webhook;

use super::chunk::Chunk;
use crate::stores::Stores;

/// Maximum events of each of a day's shards that are looked at together, about 200 in all. Reason: two or three calls
/// find which of 200 events have a delivery.
const MAX_EVENTS_PER_SHARD: u8 = 25;
/// The round of a missing delivery's job. It is not the first round, because jobs of the first round may attempt
/// without reading the row.
const ROUND: u32 = 1;

/// Looks at the next events for those without a delivery; finds at most `most` of them.
pub(super) async fn missing(
    recovery: &Recovery,
    webhook: &Webhook,
    after: Option<&str>,
    most: usize,
    stores: &Stores,
    now: Timestamp,
) -> Result<Chunk, StoreError> {
    let after = after.map(str::parse::<EventId>).transpose().map_err(StoreError::unreadable)?;
    let range = TimeRange { from: recovery.since, to: recovery.events_until() };
    let page = stores.events.list_oldest_first(recovery.tenant, range, after, MAX_EVENTS_PER_SHARD).await?;
    let is_owed = |event: &&Event| webhook.wants(event) && may_be_missing(event.accepted_at, webhook.id, now);
    let owed: Vec<EventId> = page.items.iter().filter(is_owed).map(|event| event.id).collect();
    let deliveries = stores.deliveries.to_webhook(recovery.tenant, webhook.id, &owed).await?;
    let delivered: HashSet<EventId> = deliveries.iter().map(|delivery| delivery.event).collect();
    let missing: HashSet<EventId> = owed.into_iter().filter(|event| !delivered.contains(event)).collect();

    let mut chunk = Chunk { jobs: Vec::new(), looked_at: 0, next: page.next };
    for event in page.items {
        if chunk.jobs.len() >= most {
            break;
        }
        chunk.looked_at += 1;
        if missing.contains(&event.id) {
            chunk.jobs.push(Job::Deliver(DeliverJob { round: ROUND, ..DeliverJob::first(webhook.id, &event) }));
        }
        if chunk.jobs.len() >= most {
            // The next page has the rest.
            chunk.next = Some(event.id.to_string());
        }
    }
    Ok(chunk)
}
