//! The webhooks that were used lately, with their breakers and their slowness. A cached state is trusted for a while.

use std::sync::Arc;

use jiff::Timestamp;
use shared::breaker::Breaker;
use shared::cache::Cache;
use shared::id::{TenantId, WebhookId};
use shared::slowness::Slowness;
use shared::store::StoreError;
use shared::store::registry::{ReceiverHealth, TenantLookup, Webhooks};
use shared::webhook::Webhook;

/// Maximum bytes of the cached webhooks (16 MiB). Reason: a function has 128 MB; the largest webhooks have some 40 KB,
/// and ordinary ones less than one.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A webhook, whether its tenant is suspended, its breaker, and whether its receiver was slow lately.
#[derive(Debug, Clone)]
pub(crate) struct WebhookState {
    pub(crate) webhook: Webhook,
    pub(crate) is_suspended: bool,
    pub(crate) breaker: Breaker,
    pub(crate) slowness: Slowness,
}

impl WebhookState {
    /// Whether deliveries are attempted, and not held.
    pub(crate) fn takes_attempts(&self) -> bool {
        match self.breaker {
            Breaker::Closed { .. } => !self.holds_deliveries(),
            Breaker::Open(_) => false,
        }
    }

    /// Whether deliveries are held until somebody does something: the webhook is disabled, paused or pending,
    /// or its tenant is suspended.
    pub(crate) fn holds_deliveries(&self) -> bool {
        self.is_suspended || self.webhook.holds_deliveries()
    }
}

/// States of webhooks by tenant and id, read from the registry. Clones share one memory.
#[derive(Debug, Clone)]
pub(crate) struct WebhookCache {
    webhooks: Webhooks,
    receivers: ReceiverHealth,
    tenants: TenantLookup,
    suspensions: Arc<Cache<TenantId, bool>>,
    cache: Arc<Cache<(TenantId, WebhookId), WebhookState>>,
}

impl WebhookCache {
    pub(crate) fn new(
        webhooks: Webhooks,
        receivers: ReceiverHealth,
        tenants: TenantLookup,
        cache_seconds: u32,
    ) -> Self {
        let suspensions = Arc::new(Cache::new(cache_seconds));
        let cache =
            Arc::new(Cache::weighing(MAX_BYTES, cache_seconds, |state: &WebhookState| state.webhook.footprint()));
        Self { webhooks, receivers, tenants, suspensions, cache }
    }

    /// The webhook's state, at most as old as the cache's age limit. `None` if the webhook does not exist now.
    pub(crate) async fn get(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Result<Option<WebhookState>, StoreError> {
        let read = async {
            match self.cache.get(&(tenant, webhook), now) {
                Some(state) => Ok(Some(state)),
                None => self.read(tenant, webhook, now).await,
            }
        };
        let is_suspended = async {
            match self.suspensions.get(&tenant, now) {
                Some(is_suspended) => Ok(is_suspended),
                None => self.read_suspension(tenant, now).await,
            }
        };
        let (state, is_suspended) = futures::try_join!(read, is_suspended)?;
        // A cached state is as old as its webhook. The tenant has an age of its own, so that a suspension is seen
        // within the age limit.
        Ok(state.map(|state| WebhookState { is_suspended, ..state }))
    }

    /// The webhook's state as it is now, read from the registry.
    pub(crate) async fn get_fresh(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Result<Option<WebhookState>, StoreError> {
        let (state, is_suspended) =
            futures::try_join!(self.read(tenant, webhook, now), self.read_suspension(tenant, now))?;
        Ok(state.map(|state| WebhookState { is_suspended, ..state }))
    }

    async fn read_suspension(&self, tenant: TenantId, now: Timestamp) -> Result<bool, StoreError> {
        // On the heap, so that the futures of all callers stay small.
        let found = Box::pin(self.tenants.get(tenant)).await?;
        let is_suspended = found.is_some_and(|tenant| tenant.suspended);
        self.suspensions.put(tenant, is_suspended, now);
        Ok(is_suspended)
    }

    /// Reads the webhook and its receiver's health. The caller adds whether the tenant is suspended.
    async fn read(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Result<Option<WebhookState>, StoreError> {
        let (found, (breaker, slowness)) =
            futures::try_join!(self.webhooks.get(tenant, webhook), self.receivers.get(tenant, webhook))?;
        let state = found.map(|webhook| WebhookState { webhook, is_suspended: false, breaker, slowness });
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
