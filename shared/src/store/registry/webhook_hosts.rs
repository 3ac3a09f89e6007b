//! The hosts of a tenant's webhooks, read without their secrets. They are read only for a tenant whose operator limits
//! the webhooks with one host.

use super::item::WebhookItem;
use super::{Readable, Registry, StoreError, item, keys};
use domain::id::TenantId;
use domain::webhook::WebhookHosts;

/// Number of webhooks read at a time.
const ALL_PAGE: u8 = 250;

impl Registry {
    /// The hosts of all readable webhooks of a tenant, at most [`domain::webhook::MAX_PER_TENANT`]; strongly
    /// consistent.
    pub(super) async fn webhook_hosts(&self, tenant: TenantId) -> Result<Vec<WebhookHosts>, StoreError> {
        let mut all = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let partition = keys::tenant_partition(tenant);
            let read = |row| WebhookHosts::try_from(&item::stored::<WebhookItem>(row)?);
            let page = self.list(partition, keys::WEBHOOK, after.as_deref(), ALL_PAGE, read).await?;
            all.extend(page.items.into_iter().filter_map(Readable::read));
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }
}
