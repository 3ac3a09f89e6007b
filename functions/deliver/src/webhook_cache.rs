//! The webhooks that were used lately, with their breakers and their slowness. A cached state is trusted for a while.

use std::sync::Arc;

use jiff::Timestamp;
use shared::breaker::Breaker;
use shared::cache::Cache;
use shared::id::{TenantId, WebhookId};
use shared::slowness::Slowness;
use shared::store::StoreError;
use shared::store::registry::{ReceiverHealth, Webhooks};
use shared::webhook::Webhook;

/// A webhook, its breaker, and whether its receiver was slow lately.
#[derive(Debug, Clone)]
pub(crate) struct WebhookState {
    pub(crate) webhook: Webhook,
    pub(crate) breaker: Breaker,
    pub(crate) slowness: Slowness,
}

impl WebhookState {
    /// Whether deliveries are attempted, and not held.
    pub(crate) fn takes_attempts(&self) -> bool {
        match self.breaker {
            Breaker::Closed { .. } => !self.webhook.holds_deliveries(),
            Breaker::Open(_) => false,
        }
    }
}

/// States of webhooks by tenant and id, read from the registry. Clones share one memory.
#[derive(Debug, Clone)]
pub(crate) struct WebhookCache {
    webhooks: Webhooks,
    receivers: ReceiverHealth,
    cache: Arc<Cache<(TenantId, WebhookId), WebhookState>>,
}

impl WebhookCache {
    pub(crate) fn new(webhooks: Webhooks, receivers: ReceiverHealth, cache_seconds: u32) -> Self {
        Self { webhooks, receivers, cache: Arc::new(Cache::new(cache_seconds)) }
    }

    /// The webhook's state, at most as old as the cache's age limit. `None` if the webhook does not exist now.
    pub(crate) async fn get(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Result<Option<WebhookState>, StoreError> {
        match self.cache.get(&(tenant, webhook), now) {
            Some(state) => Ok(Some(state)),
            None => self.get_fresh(tenant, webhook, now).await,
        }
    }

    /// The webhook's state as it is now, read from the registry.
    pub(crate) async fn get_fresh(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Result<Option<WebhookState>, StoreError> {
        let (found, (breaker, slowness)) =
            futures::try_join!(self.webhooks.get(tenant, webhook), self.receivers.get(tenant, webhook))?;
        let state = found.map(|webhook| WebhookState { webhook, breaker, slowness });
        match &state {
            Some(state) => self.cache.put((tenant, webhook), state.clone(), now),
            None => self.cache.forget(&(tenant, webhook)),
        }
        Ok(state)
    }

    /// Sets the breaker of a cached webhook after a failure was counted.
    pub(crate) fn correct(&self, tenant: TenantId, webhook: WebhookId, breaker: &Breaker) {
        self.cache.correct(&(tenant, webhook), |state| state.breaker = breaker.clone());
    }

    /// Forgets a webhook that was just changed.
    pub(crate) fn forget(&self, tenant: TenantId, webhook: WebhookId) {
        self.cache.forget(&(tenant, webhook));
    }
}
