//! API keys, as `api` creates, lists and revokes them. Each has two rows: one is found by the key's id, the other is in
//! its owner's list.

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};

use super::item::{self, ApiKeyItem};
use super::{Page, Registry, StoreError, keys};
use domain::id::TenantId;
use domain::tenant::ApiKey;

/// API keys. Only `api` holds this group.
#[derive(Debug, Clone)]
pub struct ApiKeys {
    registry: Registry,
}

impl ApiKeys {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// Stores a new key.
    pub async fn create(&self, key: &ApiKey) -> Result<(), StoreError> {
        let mut call = self.registry.client().transact_write_items();
        for place in [keys::api_key(key.id), keys::api_key_in_list(key.tenant, key.id)] {
            let put = Put::builder()
                .table_name(self.registry.table())
                .set_item(Some(item::with_key(place, ApiKeyItem::from(key))?))
                .condition_expression("attribute_not_exists(pk)")
                .build()
                .map_err(StoreError::aws)?;
            call = call.transact_items(TransactWriteItem::builder().put(put).build());
        }
        call.send().await.map_err(StoreError::aws)?;
        Ok(())
    }

    /// The keys of a tenant, or the admin keys without an `owner`, oldest first.
    pub async fn list(
        &self,
        owner: Option<TenantId>,
        after: Option<&str>,
        limit: u8,
    ) -> Result<Page<ApiKey>, StoreError> {
        let partition = owner.map_or_else(|| keys::ADMIN_KEYS.to_owned(), keys::tenant_partition);
        let page: Page<ApiKeyItem> = self.registry.list(partition, keys::API_KEY, after, limit).await?;
        let items = page.items.into_iter().map(ApiKey::try_from).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }

    /// Revokes a key. Revoking a key that is already revoked is not an error.
    pub async fn delete(&self, key: &ApiKey) -> Result<(), StoreError> {
        let mut call = self.registry.client().transact_write_items();
        for key in [keys::api_key(key.id), keys::api_key_in_list(key.tenant, key.id)] {
            let delete = Delete::builder()
                .table_name(self.registry.table())
                .set_key(Some(key.attributes()))
                .build()
                .map_err(StoreError::aws)?;
            call = call.transact_items(TransactWriteItem::builder().delete(delete).build());
        }
        call.send().await.map_err(StoreError::aws)?;
        Ok(())
    }
}
