//! Events that a webhook wants and that have no delivery: it was created after them, or their jobs were lost.

use std::collections::HashSet;

use shared::event::Event;
use shared::id::EventId;
use shared::queue::job::{Deliver as DeliverJob, Job};
use shared::recovery::{Recovery, may_be_missing};
use shared::store::{StoreError, TimeRange};

use super::page::Stretch;
use crate::Deliver;
use crate::webhook_cache::Known;

/// Events of each of a day's shards that are looked at together, about 200 in all: two or three calls find which of them
/// have a delivery.
const OF_EACH_SHARD: u8 = 25;
/// The round of a missing delivery's job. Not the first, whose jobs attempt without looking at the row.
const ROUND: u32 = 1;

/// Looks at the next events for those without a delivery; up to `most` of them.
pub(super) async fn missing(
    recovery: &Recovery,
    known: &Known,
    after: Option<&str>,
    most: usize,
    room: &Deliver,
) -> Result<Stretch, StoreError> {
    let after = after.map(str::parse::<EventId>).transpose().map_err(StoreError::unreadable)?;
    let range = TimeRange { from: recovery.since, to: recovery.events_until() };
    let page = room.events.list_oldest_first(recovery.tenant, range, after, OF_EACH_SHARD).await?;
    let now = room.clock.now();
    let webhook = &known.webhook;
    let is_owed = |event: &&Event| webhook.wants(event) && may_be_missing(event.accepted_at, webhook.id, now);
    let owed: Vec<EventId> = page.items.iter().filter(is_owed).map(|event| event.id).collect();
    let deliveries = room.deliveries.to_webhook(recovery.tenant, webhook.id, &owed).await?;
    let delivered: HashSet<EventId> = deliveries.iter().map(|delivery| delivery.event).collect();
    let missing: HashSet<EventId> = owed.into_iter().filter(|event| !delivered.contains(event)).collect();

    let mut stretch = Stretch { jobs: Vec::new(), looked_at: 0, next: page.next };
    for event in page.items {
        if stretch.jobs.len() >= most {
            break;
        }
        stretch.looked_at += 1;
        let id = event.id;
        if missing.contains(&id) {
            stretch.jobs.push(first_job(recovery, known, event));
        }
        if stretch.jobs.len() >= most {
            // The rest is for the next page.
            stretch.next = Some(id.to_string());
        }
    }
    Ok(stretch)
}

fn first_job(recovery: &Recovery, known: &Known, event: Event) -> Job {
    Job::Deliver(DeliverJob {
        tenant: recovery.tenant,
        webhook: known.webhook.id,
        event: event.id,
        round: ROUND,
        inline: Some(Box::new(event)),
        resend: false,
        slot: None,
    })
}
