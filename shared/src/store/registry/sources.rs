//! Sources, as `api` changes and reads them. Each change of an ingest key is in the transaction of its source.

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};

use super::counts::{CountChange, CountOf};
use super::item::{self, IngestKeyItem, SourceItem};
use super::transaction::transaction_error;
use super::{Page, Readable, Registry, StoreError, keys};
use crate::store::attribute::{number, text};
use domain::id::{SourceId, TenantId};
use domain::source::{IngestKeyHash, Source};

/// Sources. Only `api` holds this group.
#[derive(Debug, Clone)]
pub struct Sources {
    registry: Registry,
}

/// The attribute with the hash of a source's ingest key.
const INGEST_KEY: &str = "ingest_key_sha256";

impl Sources {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// Stores a new source with its ingest key. [`StoreError::LimitReached`] when the tenant has as many sources as the
    /// operator allows. [`StoreError::Conflict`] when other changes of the tenant were faster each time.
    pub async fn create(&self, source: &Source) -> Result<(), StoreError> {
        let row = self.put_source(source).await?.condition_expression("attribute_not_exists(pk)");
        let row = row.build().map_err(StoreError::aws)?;
        let row = TransactWriteItem::builder().put(row).build();
        let key = TransactWriteItem::builder().put(self.put_ingest_key(source)?).build();
        self.registry.write_counted(source.tenant, CountOf::Sources, CountChange::Created, vec![row, key]).await
    }

    async fn put_source(&self, source: &Source) -> Result<aws_sdk_dynamodb::types::builders::PutBuilder, StoreError> {
        let item = self.registry.sealed_row(keys::source(source.tenant, source.id), SourceItem::from(source)).await?;
        Ok(Put::builder().table_name(self.registry.table()).set_item(Some(item)))
    }

    fn put_ingest_key(&self, source: &Source) -> Result<Put, StoreError> {
        let item = item::with_key(keys::ingest_key(&source.ingest_key), IngestKeyItem::from(source))?;
        Put::builder().table_name(self.registry.table()).set_item(Some(item)).build().map_err(StoreError::aws)
    }

    fn remove_ingest_key(&self, hash: &IngestKeyHash) -> Result<TransactWriteItem, StoreError> {
        let key = keys::ingest_key(hash);
        let delete = Delete::builder()
            .table_name(self.registry.table())
            .set_key(Some(key.attributes()))
            .build()
            .map_err(StoreError::aws)?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }

    /// One source of a tenant, if it exists.
    pub async fn get(&self, tenant: TenantId, source: SourceId) -> Result<Option<Source>, StoreError> {
        self.registry.get_source(tenant, source).await
    }

    /// Whether a tenant has a source, readable or not; strongly consistent.
    pub async fn exists(&self, tenant: TenantId, source: SourceId) -> Result<bool, StoreError> {
        Ok(self.registry.get_row(keys::source(tenant, source), true).await?.is_some())
    }

    /// The sources of a tenant, oldest first.
    pub async fn list(
        &self,
        tenant: TenantId,
        after: Option<&str>,
        limit: u8,
    ) -> Result<Page<Readable<Source>>, StoreError> {
        let partition = keys::tenant_partition(tenant);
        self.registry.list_opened::<SourceItem, _>(partition, keys::SOURCE, after, limit).await
    }

    /// Replaces a source with its next revision: `source.revision` is the one that was read, and the stored one is one
    /// higher. `replaced_key` is the old ingest key, if the change has a new one: the old key is removed and the new
    /// one is put.
    pub async fn replace(&self, source: &Source, replaced_key: Option<&IngestKeyHash>) -> Result<(), StoreError> {
        let next = Source { revision: source.revision + 1, ..source.clone() };
        let key = keys::source(next.tenant, next.id);
        let item = self.registry.replacing_row(key, SourceItem::from(&next)).await?;
        let row = Put::builder()
            .table_name(self.registry.table())
            .set_item(Some(item))
            .condition_expression("revision = :read")
            .expression_attribute_values(":read", number(source.revision))
            .build()
            .map_err(StoreError::aws)?;
        let mut call =
            self.registry.client().transact_write_items().transact_items(TransactWriteItem::builder().put(row).build());
        if let Some(old) = replaced_key {
            let new = TransactWriteItem::builder().put(self.put_ingest_key(&next)?).build();
            call = call.transact_items(self.remove_ingest_key(old)?).transact_items(new);
        }
        self.registry.write(call).await.map_err(|error| transaction_error(error, &[StoreError::Conflict]))?;
        Ok(())
    }

    /// Deletes a source and its ingest key. [`StoreError::Conflict`] when the source was changed or deleted since it
    /// was read, or other changes of the tenant were faster each time.
    pub async fn delete(&self, source: &Source) -> Result<(), StoreError> {
        let key = keys::source(source.tenant, source.id);
        let row = Delete::builder()
            .table_name(self.registry.table())
            .set_key(Some(key.attributes()))
            // Otherwise a source that is deleted twice would count twice, and an ingest key that was made since the
            // source was read would stay for ever, without a source.
            .condition_expression("revision = :read")
            .expression_attribute_values(":read", number(source.revision))
            .build()
            .map_err(StoreError::aws)?;
        let row = TransactWriteItem::builder().delete(row).build();
        let rows = vec![row, self.remove_ingest_key(&source.ingest_key)?];
        self.registry.write_counted(source.tenant, CountOf::Sources, CountChange::Deleted, rows).await
    }

    /// Like [`Sources::delete`], for a source that this release cannot read. Its ingest key is deleted if the row names
    /// one.
    pub async fn delete_unreadable(&self, tenant: TenantId, source: SourceId) -> Result<(), StoreError> {
        let key = keys::source(tenant, source);
        let Some(row) = self.registry.get_row(key.clone(), true).await? else { return Err(StoreError::Conflict) };
        let delete = Delete::builder().table_name(self.registry.table()).set_key(Some(key.attributes()));
        let ingest_key = row.get(INGEST_KEY).and_then(|hash| hash.as_s().ok());
        let delete = match ingest_key {
            // Otherwise a key that replaced the one that was read would stay.
            Some(hash) => delete
                .condition_expression(format!("{INGEST_KEY} = :read"))
                .expression_attribute_values(":read", text(hash)),
            None => delete.condition_expression("attribute_exists(pk)"),
        };
        let delete = delete.build().map_err(StoreError::aws)?;
        let mut rows = vec![TransactWriteItem::builder().delete(delete).build()];
        if let Some(hash) = ingest_key {
            rows.push(self.remove_ingest_key(&IngestKeyHash::from_stored(hash.clone()))?);
        }
        self.registry.write_counted(tenant, CountOf::Sources, CountChange::Deleted, rows).await
    }
}
