//! The sweep: once an hour it recovers what is held by webhooks that take attempts.
//!
//! Whatever writes a delivery as held looks at the webhook afresh, and whatever makes a webhook take attempts again
//! recovers what it holds. Between the two a crash, or an index that follows its table late, can leave something held
//! that nothing would wake. The sweep does.

use futures::{StreamExt as _, TryStreamExt as _, stream};
use shared::delivery::StateKind;
use shared::queue::Outgoing;
use shared::queue::job::{Job, Recover, Sweep};
use shared::store::StoreError;
use shared::store::deliveries::Stuck;
use shared::webhook::Webhook;

use crate::webhooks::Known;
use crate::{Deliver, Next};

/// Tenants that one sweep job looks at; the next job goes on.
const PAGE: u8 = 5;
/// Webhooks looked at side by side: with 500 of each tenant a page takes a few seconds.
const SIDE_BY_SIDE: usize = 32;

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
    let known = Known { breaker: room.registry.get_breaker(tenant, id).await?, webhook };
    if !known.takes_attempts() {
        return Ok(None);
    }
    tracing::warn!(tenant.id = %tenant, webhook.id = %id, "{id} holds deliveries without a reason; they are recovered");
    Ok(Some(Job::Recover(Recover { tenant, webhook: id, after: None })))
}
