//! Slow receivers: noted as soon as an attempt turns out to be slow, and kept out of the deliveries queue's invocations,
//! which everybody else's fresh jobs wait for.

use std::error::Error;

use jiff::Timestamp;
use shared::id::TenantId;
use shared::slowness::SLOW;

use crate::Deliver;
use crate::message::From;
use crate::webhook_cache::Known;

/// Whether a job is handed on to the retries queue, unattempted: its webhook is slow, and the invocations of the
/// deliveries queue are for receivers that answer.
pub(crate) fn goes_by_retries(known: &Known, from: From, now: Timestamp) -> bool {
    from == From::Deliveries && known.slowness.is_slow(now)
}

/// Waits for an attempt; one that is slow is noted while it lasts, so that other functions know before it ends.
pub(crate) async fn attended<T>(
    attempt: impl Future<Output = T>,
    tenant: TenantId,
    known: &Known,
    room: &Deliver,
) -> T {
    let mut attempt = std::pin::pin!(attempt);
    match tokio::time::timeout(SLOW, &mut attempt).await {
        Ok(ended) => ended,
        Err(_elapsed) => futures::join!(note(tenant, known, room), attempt).1,
    }
}

/// What fails here is logged, and the next slow attempt makes it good.
async fn note(tenant: TenantId, known: &Known, room: &Deliver) {
    let webhook = known.webhook.id;
    let Some(noted) = known.slowness.found_slow(room.clock.now()) else { return };
    let result = room.registry.note_slow(tenant, webhook, noted).await;
    // What is in memory does not know it yet.
    room.webhooks.forget(tenant, webhook);
    if let Err(error) = result {
        let error: &dyn Error = &error;
        tracing::error!(webhook.id = %webhook, error, "it could not be noted that {webhook} is slow");
    }
}
