//! The webhooks met lately with their breakers, trusted for a while.

use jiff::Timestamp;
use shared::breaker::Breaker;
use shared::cache::Cache;
use shared::id::{TenantId, WebhookId};
use shared::slowness::Slowness;
use shared::store::{Registry, StoreError};
use shared::webhook::Webhook;

/// A webhook, the state of its breaker, and whether it was slow lately.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) webhook: Webhook,
    pub(crate) breaker: Breaker,
    pub(crate) slowness: Slowness,
}

impl Known {
    /// Whether deliveries are attempted rather than held.
    pub(crate) fn takes_attempts(&self) -> bool {
        match self.breaker {
            Breaker::Closed { .. } => !self.webhook.holds_deliveries(),
            Breaker::Open(_) => false,
        }
    }
}

/// Webhooks by tenant and id.
#[derive(Debug)]
pub(crate) struct Webhooks {
    cache: Cache<(TenantId, WebhookId), Known>,
}

impl Webhooks {
    pub(crate) fn new(cache_seconds: u32) -> Self {
        Self { cache: Cache::new(cache_seconds) }
    }

    /// The webhook as it is or was a short while ago; `None` when it does not exist now.
    pub(crate) async fn get(
        &self,
        registry: &Registry,
        tenant: TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Result<Option<Known>, StoreError> {
        match self.cache.get(&(tenant, webhook), now) {
            Some(known) => Ok(Some(known)),
            None => self.get_afresh(registry, tenant, webhook, now).await,
        }
    }

    /// The webhook as it is.
    pub(crate) async fn get_afresh(
        &self,
        registry: &Registry,
        tenant: TenantId,
        webhook: WebhookId,
        now: Timestamp,
    ) -> Result<Option<Known>, StoreError> {
        let (found, (breaker, slowness)) = futures::try_join!(
            registry.get_webhook(tenant, webhook),
            registry.get_breaker_and_slowness(tenant, webhook)
        )?;
        let known = found.map(|webhook| Known { webhook, breaker, slowness });
        match &known {
            Some(known) => self.cache.put((tenant, webhook), known.clone(), now),
            None => self.cache.forget(&(tenant, webhook)),
        }
        Ok(known)
    }

    /// Takes notice of what a failure made of a breaker.
    pub(crate) fn correct(&self, tenant: TenantId, webhook: WebhookId, breaker: &Breaker) {
        self.cache.correct(&(tenant, webhook), |known| known.breaker = breaker.clone());
    }

    /// Forgets a webhook that was just changed.
    pub(crate) fn forget(&self, tenant: TenantId, webhook: WebhookId) {
        self.cache.forget(&(tenant, webhook));
    }
}
