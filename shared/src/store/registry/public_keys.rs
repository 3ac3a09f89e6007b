//! The public keys of webhooks that sign `v1a`. They are in rows of their own, written with the webhook in one
//! transaction, because everybody may ask for them. So an answer opens no secret, and its cost grows with the number of
//! keys, not of webhooks.

use super::item::{PublicKeysItem, TenantItem};
use super::{Readable, Registry, Row, StoreError, id_of, item, keys};
use domain::id::TenantId;
use domain::webhook::PublishedKey;

/// Number of rows read at a time. Reason: a tenant has fewer, its own row and one for each of 500 webhooks. With 200
/// bytes each, they fit into one answer of DynamoDB.
const PAGE: u16 = 1_000;

/// The public keys of tenants. Only `api` holds this group.
#[derive(Debug, Clone)]
pub struct PublicKeys {
    registry: Registry,
}

impl PublicKeys {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// The public keys of all webhooks of a tenant, including former keys, in one query; `None` without the tenant. It
    /// opens no secret, unless the tenant is older than these rows and [`super::DataKeyRotation::reseal`] has not
    /// visited it yet.
    pub async fn of_tenant(&self, tenant: TenantId) -> Result<Option<Vec<PublishedKey>>, StoreError> {
        let mut rows = self.tenant_and_key_rows(tenant).await?.into_iter();
        let Some(own) = rows.next() else { return Ok(None) };
        let own: TenantItem = item::stored(own)?;
        let mut keys = Vec::new();
        if own.public_keys_apart {
            for row in rows {
                let read = item::read::<PublicKeysItem, Vec<PublishedKey>>;
                keys.extend(Readable::of(id_of(&row, ""), read(row))?.read().unwrap_or_default());
            }
        } else {
            let webhooks = self.registry.all_webhooks(tenant).await?;
            let webhooks = webhooks.iter().filter_map(Readable::as_read);
            keys.extend(webhooks.flat_map(|webhook| webhook.secrets.public_keys()));
        }
        Ok(Some(keys))
    }

    /// The tenant's own row, which sorts first, and the rows of public keys.
    async fn tenant_and_key_rows(&self, tenant: TenantId) -> Result<Vec<Row>, StoreError> {
        let (mut rows, mut after) = (Vec::new(), None::<String>);
        loop {
            let partition = keys::tenant_partition(tenant);
            let page = self.registry.list_rows(partition, keys::TENANT, after.as_deref(), PAGE).await?;
            rows.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(rows);
            }
        }
    }
}
