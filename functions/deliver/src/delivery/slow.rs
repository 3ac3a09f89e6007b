//! Slow and quick receivers. What attempts show is recorded, so that all functions send the jobs of webhooks whose
//! receivers are not known to be quick to the slow queue, and these jobs do not fill the invocations that other
//! webhooks' jobs wait for.

use std::error::Error;
use std::time::Duration;

use jiff::SignedDuration;
use shared::slowness::{QUICK_ATTEMPT, SLOW_ATTEMPT, SlownessUpdate};

use crate::health::Health;
use crate::webhook_cache::WebhookState;

/// Waits for an attempt. What a long one shows is recorded while it lasts, so that other functions know before it ends.
/// `limit` is at most [`SLOW_ATTEMPT`]: an attempt that takes longer than `limit` makes its webhook give way.
pub(crate) async fn watched<T>(
    attempt: impl Future<Output = T>,
    limit: Duration,
    state: &WebhookState,
    health: &Health,
) -> T {
    let mut attempt = std::pin::pin!(attempt);
    if limit < SLOW_ATTEMPT {
        if let Ok(ended) = tokio::time::timeout(limit, &mut attempt).await {
            return ended;
        }
        let rest = tokio::time::timeout(SLOW_ATTEMPT.saturating_sub(limit), &mut attempt);
        if let ((), Ok(ended)) = futures::join!(give_way(state, health), rest) {
            return ended;
        }
    } else if let Ok(ended) = tokio::time::timeout(SLOW_ATTEMPT, &mut attempt).await {
        return ended;
    }
    futures::join!(record(state, health), attempt).1
}

/// Records that the receiver is slow, unless that is known for long enough. An error is logged only: the next slow
/// attempt records it.
async fn record(state: &WebhookState, health: &Health) {
    if let Some(noted) = state.slowness.found_slow(health.clock.now()) {
        note(noted, state, health).await;
    }
}

/// Records that the webhook's jobs leave the places to others for a while, as [`record`] does.
pub(crate) async fn give_way(state: &WebhookState, health: &Health) {
    if let Some(noted) = state.slowness.gives_way(health.clock.now()) {
        note(noted, state, health).await;
    }
}

async fn note(noted: SlownessUpdate, state: &WebhookState, health: &Health) {
    let (tenant, webhook) = (state.webhook.tenant, state.webhook.id);
    let result = health.receivers.note_slow(tenant, webhook, noted).await;
    // The cached state does not have the slowness yet.
    health.webhooks.forget(tenant, webhook);
    if let Err(error) = result {
        tracing::error!(error = &error as &dyn Error, "it could not be recorded that the webhook is slow");
    }
}

/// Counts an attempt that took so long, if it was quick and the receiver is not known to be quick yet. An error is
/// logged only: another quick attempt counts instead.
pub(crate) async fn count_if_quick(took: SignedDuration, state: &WebhookState, health: &Health) {
    let now = health.clock.now();
    let is_quick = Duration::try_from(took).is_ok_and(|took| took < QUICK_ATTEMPT);
    if !is_quick || !state.slowness.counts_quick_attempt(now) {
        return;
    }
    let (tenant, webhook) = (state.webhook.tenant, state.webhook.id);
    let result = health.receivers.count_quick_attempts(tenant, webhook, 1, now).await;
    health.webhooks.forget(tenant, webhook);
    if let Err(error) = result {
        tracing::error!(error = &error as &dyn Error, "a quick attempt could not be counted");
    }
}
