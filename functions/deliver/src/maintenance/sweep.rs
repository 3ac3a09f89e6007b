//! The sweep: once an hour it recovers what is held by webhooks that take attempts.
//!
//! Whatever writes a delivery as held looks at the webhook afresh, and whatever makes a webhook take attempts again
//! recovers what it holds. Between the two a crash, or an index that follows its table late, can leave something held
//! that nothing would wake. The sweep does. It also looks for recoveries that somebody asked for and that stand still.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use jiff::{SignedDuration, Timestamp};
use shared::breaker::{Breaker, Open};
use shared::delivery::StateKind;
use shared::id::TenantId;
use shared::queue::Outgoing;
use shared::queue::job::{Job, Probe, Recover, RecoveryPage, Sweep};
use shared::store::StoreError;
use shared::store::deliveries::Stuck;
use shared::webhook::Webhook;

use crate::{Deliver, Next};

/// Tenants that one sweep job looks at; the next job goes on.
const PAGE: u8 = 5;
/// Webhooks looked at side by side: with 500 of each tenant a page takes a few seconds.
const SIDE_BY_SIDE: usize = 32;
/// After how long without a page a recovery of what is held stands still (15 min): a page follows another within seconds,
/// or within the visibility timeout of its message.
const STANDSTILL: SignedDuration = SignedDuration::from_mins(15);
/// How long a probe may be overdue before it is taken for lost: many times its message's visibility timeout.
const PROBE_OVERDUE: SignedDuration = SignedDuration::from_hours(1);

/// Sends a recover job for each webhook of a page of tenants that has no reason to hold anything, and does.
pub(crate) async fn sweep(job: &Sweep, room: &Deliver) -> Result<Next, StoreError> {
    let tenants = room.registry.list_tenants(job.after.as_deref(), PAGE).await?;
    let mut jobs = Vec::new();
    for tenant in &tenants.items {
        let webhooks = room.registry.all_webhooks(tenant.id).await?;
        let active = webhooks.into_iter().filter(|webhook| !webhook.holds_deliveries());
        let looked_at = stream::iter(active).map(|webhook| recovery(webhook, room)).buffer_unordered(SIDE_BY_SIDE);
        let recoveries: Vec<Option<Job>> = looked_at.try_collect().await?;
        jobs.extend(recoveries.into_iter().flatten());
        jobs.extend(lost_pages(tenant.id, room).await?);
    }
    jobs.extend(tenants.next.map(|after| Job::Sweep(Sweep { after: Some(after) })));
    Ok(Next::Forward(jobs.iter().map(Outgoing::now).collect()))
}

async fn recovery(webhook: Webhook, room: &Deliver) -> Result<Option<Job>, StoreError> {
    let (tenant, id) = (webhook.tenant, webhook.id);
    let held = room.deliveries.list_stuck(tenant, id, StateKind::Held, Stuck::OldestFirst, None, 1).await?;
    if held.items.is_empty() {
        return Ok(None);
    }
    if let Breaker::Open(open) = room.registry.get_breaker(tenant, id).await? {
        return Ok(lost_probe(&webhook, open, room.clock.now()));
    }
    if let Some(at) = room.registry.recovering_at(tenant, id).await?
        && room.clock.now().duration_since(at) < STANDSTILL
    {
        // A long recovery, which gets on.
        return Ok(None);
    }
    tracing::warn!(tenant.id = %tenant, webhook.id = %id, "{id} holds deliveries without a reason; they are recovered");
    Ok(Some(Job::Recover(Recover { tenant, webhook: id, after: None })))
}

/// The next pages of recoveries once more whose jobs were lost in the same way. Should one turn up again, a page is done once
/// all the same.
async fn lost_pages(tenant: TenantId, room: &Deliver) -> Result<Vec<Job>, StoreError> {
    let now = room.clock.now();
    let running = room.registry.running_recoveries(tenant).await?;
    let lost = running.into_iter().filter(|recovery| recovery.is_lost(now)).map(|recovery| {
        let (id, page) = (recovery.id, recovery.page);
        tracing::warn!(tenant.id = %tenant, recovery.id = %id, "a page of {id} is overdue; its job is sent once more");
        Job::Recovery(RecoveryPage { tenant, recovery: id, page })
    });
    Ok(lost.collect())
}

/// The probe of an open breaker once more, if its message was lost: moved to the dead-letter queue after many crashes,
/// say. Should the first one turn up again, both are the same probe, and each change of the breaker is made once.
fn lost_probe(webhook: &Webhook, open: Open, now: Timestamp) -> Option<Job> {
    let (tenant, id) = (webhook.tenant, webhook.id);
    let is_lost = now.duration_since(open.next_probe_at) > PROBE_OVERDUE;
    is_lost.then(|| {
        tracing::warn!(tenant.id = %tenant, webhook.id = %id, "the probe of {id} is overdue; it is sent once more");
        Job::Probe(Probe { tenant, webhook: id, probe: open.probe })
    })
}
