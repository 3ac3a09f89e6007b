//! API keys in the registry. Each has two rows: one is found by the key's id, the other is in its owner's list.

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};

use super::item::{self, ApiKeyItem};
use super::{Page, Registry, StoreError, keys};
use domain::id::{KeyId, TenantId};
use domain::tenant::ApiKey;

impl Registry {
    /// Stores a new key.
    pub async fn create_api_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        let mut call = self.client.transact_write_items();
        for place in [keys::api_key(key.id), keys::api_key_in_list(key.tenant, key.id)] {
            let put = Put::builder()
                .table_name(&self.table)
                .set_item(Some(item::with_key(place, ApiKeyItem::from(key))?))
                .condition_expression("attribute_not_exists(pk)")
                .build()
                .map_err(StoreError::aws)?;
            call = call.transact_items(TransactWriteItem::builder().put(put).build());
        }
        call.send().await.map_err(StoreError::aws)?;
        Ok(())
    }

    /// The key with this id, if it exists. The read is strongly consistent, so that a revoked key is not found.
    pub async fn get_api_key(&self, key: KeyId) -> Result<Option<ApiKey>, StoreError> {
        let item: Option<ApiKeyItem> = self.get(keys::api_key(key), true).await?;
        item.map(ApiKey::try_from).transpose()
    }

    /// The keys of a tenant, or the admin keys without an `owner`, oldest first.
    pub async fn list_api_keys(
        &self,
        owner: Option<TenantId>,
        after: Option<&str>,
        limit: u8,
    ) -> Result<Page<ApiKey>, StoreError> {
        let partition = owner.map_or_else(|| keys::ADMIN_KEYS.to_owned(), keys::tenant_partition);
        let page: Page<ApiKeyItem> = self.list(partition, keys::API_KEY, after, limit).await?;
        let items = page.items.into_iter().map(ApiKey::try_from).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }

    /// Revokes a key. Revoking a key that is already revoked is not an error.
    pub async fn delete_api_key(&self, key: &ApiKey) -> Result<(), StoreError> {
        let mut call = self.client.transact_write_items();
        for key in [keys::api_key(key.id), keys::api_key_in_list(key.tenant, key.id)] {
            let delete = Delete::builder()
                .table_name(&self.table)
                .set_key(Some(key.attributes()))
                .build()
                .map_err(StoreError::aws)?;
            call = call.transact_items(TransactWriteItem::builder().delete(delete).build());
        }
        call.send().await.map_err(StoreError::aws)?;
        Ok(())
    }
}
