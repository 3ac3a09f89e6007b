//! The webhooks met lately, trusted for a while.

use jiff::Timestamp;
use shared::cache::Cache;
use shared::id::{TenantId, WebhookId};
use shared::store::{Registry, StoreError};
use shared::webhook::Webhook;

/// Webhooks by tenant and id.
#[derive(Debug)]
pub(crate) struct Webhooks {
    cache: Cache<(TenantId, WebhookId), Webhook>,
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
    ) -> Result<Option<Webhook>, StoreError> {
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
    ) -> Result<Option<Webhook>, StoreError> {
        let found = registry.get_webhook(tenant, webhook).await?;
        match &found {
            Some(found) => self.cache.put((tenant, webhook), found.clone(), now),
            None => self.cache.forget(&(tenant, webhook)),
        }
        Ok(found)
    }

    /// Forgets a webhook that was just changed.
    pub(crate) fn forget(&self, tenant: TenantId, webhook: WebhookId) {
        self.cache.forget(&(tenant, webhook));
    }
}
