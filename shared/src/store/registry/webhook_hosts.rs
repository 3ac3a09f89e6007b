//! The hosts of a tenant's webhooks, read without their secrets. They are read only for a tenant whose operator limits
//! the webhooks with one host.

use super::item::WebhookItem;
use super::{Page, Registry, StoreError, keys};
use domain::id::TenantId;
use domain::webhook::WebhookHosts;

/// Number of webhooks read at a time.
const ALL_PAGE: u8 = 250;

impl Registry {
    /// The hosts of all webhooks of a tenant, at most [`domain::webhook::MAX_PER_TENANT`], strongly consistent.
    pub(super) async fn webhook_hosts(&self, tenant: TenantId) -> Result<Vec<WebhookHosts>, StoreError> {
        let mut all = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let partition = keys::tenant_partition(tenant);
            let page: Page<WebhookItem> = self.list(partition, keys::WEBHOOK, after.as_deref(), ALL_PAGE).await?;
            for item in &page.items {
                all.push(WebhookHosts::try_from(item)?);
            }
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }
}
