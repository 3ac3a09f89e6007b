//! Tenants, as `api` creates and reads them.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};

use super::item::{self, TenantItem};
use super::{Key, Page, Registry, StoreError, keys};
use domain::id::TenantId;
use domain::tenant::Tenant;

/// Tenants. Only `api` holds this group.
#[derive(Debug, Clone)]
pub struct Tenants {
    registry: Registry,
}

impl Tenants {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// Creates a tenant: its own row, and its entry in the operator's list.
    pub async fn create(&self, tenant: &Tenant) -> Result<(), StoreError> {
        let own = self.put_new(keys::tenant(tenant.id), tenant)?;
        let listed = self.put_new(keys::tenant_in_list(tenant.id), tenant)?;
        self.registry
            .client()
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(own).build())
            .transact_items(TransactWriteItem::builder().put(listed).build())
            .send()
            .await
            .map_err(StoreError::aws)?;
        Ok(())
    }

    fn put_new(&self, key: Key, tenant: &Tenant) -> Result<Put, StoreError> {
        Put::builder()
            .table_name(self.registry.table())
            .set_item(Some(item::with_key(key, TenantItem::from(tenant))?))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(StoreError::aws)
    }

    /// One tenant, if it exists.
    pub async fn get(&self, tenant: TenantId) -> Result<Option<Tenant>, StoreError> {
        let item: Option<TenantItem> = self.registry.get(keys::tenant(tenant), true).await?;
        item.map(Tenant::try_from).transpose()
    }

    /// Tenants in the order of their creation, after `after`.
    pub async fn list(&self, after: Option<&str>, limit: u8) -> Result<Page<Tenant>, StoreError> {
        self.registry.list_tenants(after, limit).await
    }
}
