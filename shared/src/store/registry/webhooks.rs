//! Webhooks with their secrets, as they are read.

use super::item::WebhookItem;
use super::{Page, Readable, Registry, StoreError, keys};
use domain::id::{TenantId, WebhookId};
use domain::webhook::Webhook;

/// Number of webhooks read at a time, when all of a tenant's are read.
const ALL_PAGE: u8 = 250;

/// Webhooks, to be read. The rooms that open signing secrets hold this group: `deliver` and `api`.
#[derive(Debug, Clone)]
pub struct Webhooks {
    registry: Registry,
}

impl Webhooks {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// One webhook of a tenant, if it exists, strongly consistent.
    pub async fn get(&self, tenant: TenantId, webhook: WebhookId) -> Result<Option<Webhook>, StoreError> {
        let Some(row) = self.registry.get_row(keys::webhook(tenant, webhook), true).await? else { return Ok(None) };
        self.registry.opened::<WebhookItem, _>(row).await.map(Some)
    }

    /// The webhooks of a tenant, oldest first.
    pub async fn list(
        &self,
        tenant: TenantId,
        after: Option<&str>,
        limit: u8,
    ) -> Result<Page<Readable<Webhook>>, StoreError> {
        self.registry.list_webhooks(tenant, after, limit).await
    }

    /// All webhooks of a tenant: at most [`domain::webhook::MAX_PER_TENANT`].
    pub async fn all(&self, tenant: TenantId) -> Result<Vec<Readable<Webhook>>, StoreError> {
        self.registry.all_webhooks(tenant).await
    }
}

impl Registry {
    /// The webhooks of a tenant, oldest first.
    pub(super) async fn list_webhooks(
        &self,
        tenant: TenantId,
        after: Option<&str>,
        limit: u8,
    ) -> Result<Page<Readable<Webhook>>, StoreError> {
        self.list_opened::<WebhookItem, _>(keys::tenant_partition(tenant), keys::WEBHOOK, after, limit).await
    }

    /// All webhooks of a tenant: at most [`domain::webhook::MAX_PER_TENANT`].
    pub(super) async fn all_webhooks(&self, tenant: TenantId) -> Result<Vec<Readable<Webhook>>, StoreError> {
        let mut webhooks = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.list_webhooks(tenant, after.as_deref(), ALL_PAGE).await?;
            webhooks.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(webhooks);
            }
        }
    }
}
