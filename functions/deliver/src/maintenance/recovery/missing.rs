//! Events that a webhook wants and that have no delivery: the webhook was created after them, or their jobs were lost.

use std::collections::HashSet;

use jiff::Timestamp;
use shared::event::{Event, Facts};
use shared::id::{EventId, WebhookId};
use shared::queue::job::{DeliverJob, FirstJobs, Job};
use shared::recovery::{Recovery, may_be_missing};
use shared::store::deliveries::key_of;
use shared::store::{StoreError, TimeRange};
use shared::webhook::Webhook;

use super::chunk::Chunk;
use crate::stores::Stores;

/// Maximum events of each of a day's shards that are looked at together, about 200 in all. Reason: two or three calls
/// find which of 200 events have a delivery.
const MAX_EVENTS_PER_SHARD: u8 = 25;
/// Maximum size of an event that travels with its job (4 KiB). Reason: a page has up to 1,000 jobs, and a function with
/// 128 MB holds them as jobs and as messages.
const MAX_INLINE_BYTES: usize = 4 * 1024;
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
    let kept = |event: Event| {
        let is_owed = webhook.wants(&event) && may_be_missing(event.accepted_at, webhook.id, now);
        (event.id, is_owed.then(|| job_of(event, webhook.id)))
    };
    let page = stores.events.list_oldest_first(recovery.tenant, range, after, MAX_EVENTS_PER_SHARD, kept).await?;
    let owed: Vec<EventId> = page.items.iter().filter(|(_, job)| job.is_some()).map(|(event, _)| *event).collect();
    let deliveries = stores.deliveries.to_webhook(recovery.tenant, webhook.id, &owed).await?;
    let delivered: HashSet<EventId> = deliveries.iter().map(|listed| key_of(listed).event).collect();

    let mut chunk = Chunk { jobs: Vec::new(), looked_at: 0, next: page.next };
    for (event, job) in page.items {
        if chunk.jobs.len() >= most {
            break;
        }
        chunk.looked_at += 1;
        chunk.jobs.extend(job.filter(|_| !delivered.contains(&event)).map(Job::Deliver));
        if chunk.jobs.len() >= most {
            // The next page has the rest.
            chunk.next = Some(event.to_string());
        }
    }
    Ok(chunk)
}

/// The job of a missing delivery. A large event does not travel with it.
fn job_of(event: Event, webhook: WebhookId) -> DeliverJob {
    // No bytes: the event is too large for every job.
    let is_small = (1..=MAX_INLINE_BYTES).contains(&FirstJobs::of(&event).bytes());
    // What was received travels with no job.
    let event = Event { facts: Facts { raw: None, ..event.facts }, ..event };
    let job = DeliverJob { round: ROUND, ..DeliverJob::first(webhook, &event) };
    if is_small { job } else { DeliverJob { inline: None, ..job } }
}
