//! Tenants in the registry.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};

use super::item::{self, TenantItem};
use super::{Key, Page, Registry, StoreError, keys};
use domain::id::TenantId;
use domain::tenant::Tenant;

impl Registry {
    /// Creates a tenant: its own row, and its entry in the operator's list.
    pub async fn create_tenant(&self, tenant: &Tenant) -> Result<(), StoreError> {
        let own = self.put_new_tenant_row(keys::tenant(tenant.id), tenant)?;
        let listed = self.put_new_tenant_row(keys::tenant_in_list(tenant.id), tenant)?;
        self.client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(own).build())
            .transact_items(TransactWriteItem::builder().put(listed).build())
            .send()
            .await
            .map_err(StoreError::aws)?;
        Ok(())
    }

    fn put_new_tenant_row(&self, key: Key, tenant: &Tenant) -> Result<Put, StoreError> {
        Put::builder()
            .table_name(&self.table)
            .set_item(Some(item::with_key(key, TenantItem::from(tenant))?))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(StoreError::aws)
    }

    /// One tenant, if it exists.
    pub async fn get_tenant(&self, tenant: TenantId) -> Result<Option<Tenant>, StoreError> {
        let item: Option<TenantItem> = self.get(keys::tenant(tenant), true).await?;
        item.map(Tenant::try_from).transpose()
    }

    /// Tenants in the order of their creation, after `after`.
    pub async fn list_tenants(&self, after: Option<&str>, limit: u8) -> Result<Page<Tenant>, StoreError> {
        let page: Page<TenantItem> = self.list(keys::TENANTS.to_owned(), "", after, limit).await?;
        let items = page.items.into_iter().map(Tenant::try_from).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }
}
