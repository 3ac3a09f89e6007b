//! Slow receivers. That a receiver is slow is recorded, so that all functions send the webhook's jobs to the slow
//! queue, and these jobs do not fill the invocations that other webhooks' jobs wait for.

use std::error::Error;
use std::time::Duration;

use crate::health::Health;
use crate::webhook_cache::WebhookState;

/// Waits for an attempt, which is slow after `limit`. A slow one is recorded while it lasts, so that other functions
/// know before it ends.
pub(crate) async fn watched<T>(
    attempt: impl Future<Output = T>,
    limit: Duration,
    state: &WebhookState,
    health: &Health,
) -> T {
    let mut attempt = std::pin::pin!(attempt);
    match tokio::time::timeout(limit, &mut attempt).await {
        Ok(ended) => ended,
        Err(_elapsed) => futures::join!(record(state, health), attempt).1,
    }
}

/// Records that the receiver is slow, unless that is known for long enough. An error is logged only: the next slow
/// attempt records it.
pub(crate) async fn record(state: &WebhookState, health: &Health) {
    let (tenant, webhook) = (state.webhook.tenant, state.webhook.id);
    let Some(noted) = state.slowness.found_slow(health.clock.now()) else { return };
    let result = health.receivers.note_slow(tenant, webhook, noted).await;
    // The cached state does not have the slowness yet.
    health.webhooks.forget(tenant, webhook);
    if let Err(error) = result {
        tracing::error!(error = &error as &dyn Error, "it could not be recorded that the webhook is slow");
    }
}
