//! API keys, as `api` creates, lists and revokes them. Each has two rows: one is found by the key's id, the other is in
//! its owner's list.

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};

use super::counts::{CountChange, CountOf};
use super::item::{self, ApiKeyItem};
use super::transaction::transaction_error;
use super::{Key, Page, Readable, Registry, StoreError, keys};
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

    /// Stores a new key. [`StoreError::LimitReached`] when its tenant has as many keys as the operator allows.
    /// [`StoreError::Conflict`] when other changes of the tenant were faster each time.
    pub async fn create(&self, key: &ApiKey) -> Result<(), StoreError> {
        self.write(key, CountChange::Created, self.puts(key)?).await
    }

    /// The keys of a tenant, or the admin keys without an `owner`, oldest first.
    pub async fn list(
        &self,
        owner: Option<TenantId>,
        after: Option<&str>,
        limit: u8,
    ) -> Result<Page<Readable<ApiKey>>, StoreError> {
        let partition = owner.map_or_else(|| keys::ADMIN_KEYS.to_owned(), keys::tenant_partition);
        self.registry.list(partition, keys::API_KEY, after, limit, item::read::<ApiKeyItem, _>).await
    }

    /// Revokes a key. Revoking a key that is already revoked is not an error.
    pub async fn delete(&self, key: &ApiKey) -> Result<(), StoreError> {
        match self.write(key, CountChange::Deleted, self.deletes(key)?).await {
            Err(StoreError::Conflict) if self.registry.get_api_key(key.id).await?.is_none() => Ok(()),
            written => written,
        }
    }

    fn puts(&self, key: &ApiKey) -> Result<Vec<TransactWriteItem>, StoreError> {
        let put = |place: Key| {
            let put = Put::builder()
                .table_name(self.registry.table())
                .set_item(Some(item::with_key(place, ApiKeyItem::from(key))?))
                .condition_expression("attribute_not_exists(pk)");
            Ok(TransactWriteItem::builder().put(put.build().map_err(StoreError::aws)?).build())
        };
        [keys::api_key(key.id), keys::api_key_in_list(key.tenant, key.id)].into_iter().map(put).collect()
    }

    fn deletes(&self, key: &ApiKey) -> Result<Vec<TransactWriteItem>, StoreError> {
        let delete = |place: Key| {
            let delete = Delete::builder()
                .table_name(self.registry.table())
                .set_key(Some(place.attributes()))
                // Otherwise a key that is revoked twice would count twice.
                .condition_expression("attribute_exists(pk)");
            Ok(TransactWriteItem::builder().delete(delete.build().map_err(StoreError::aws)?).build())
        };
        [keys::api_key(key.id), keys::api_key_in_list(key.tenant, key.id)].into_iter().map(delete).collect()
    }

    /// Writes a key's rows. A tenant's keys are counted; admin keys are not.
    async fn write(&self, key: &ApiKey, change: CountChange, rows: Vec<TransactWriteItem>) -> Result<(), StoreError> {
        if let Some(tenant) = key.tenant {
            return self.registry.write_counted(tenant, CountOf::Keys, change, rows).await;
        }
        let call = self.registry.client().transact_write_items().set_transact_items(Some(rows));
        let refusals = [StoreError::Conflict, StoreError::Conflict];
        self.registry.write(call).await.map_err(|error| transaction_error(error, &refusals))?;
        Ok(())
    }
}
