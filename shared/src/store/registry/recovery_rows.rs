//! The rows of recoveries, for the groups that read and end them.

use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use jiff::Timestamp;

use super::item::RecoveryItem;
use super::transaction::refused_entry;
use super::{Page, Readable, Registry, StoreError, id_of, item, keys};
use crate::store::attribute::{number, text};
use domain::id::{RecoveryId, TenantId};
use domain::recovery::{RETENTION, Recovery, RecoveryStatus};

/// The assignments when a recovery ends.
pub(super) const ENDED: &str = "#status = :status, ended = :ended, #ttl = :ttl";

impl Registry {
    /// One recovery of a tenant, if it exists; strongly consistent.
    pub(super) async fn get_recovery(
        &self,
        tenant: TenantId,
        recovery: RecoveryId,
    ) -> Result<Option<Recovery>, StoreError> {
        let item: Option<RecoveryItem> = self.get(keys::recovery(tenant, recovery), true).await?;
        item.map(Recovery::try_from).transpose()
    }

    /// The recoveries of a tenant, latest first, below `after`.
    pub(super) async fn list_recoveries(
        &self,
        tenant: TenantId,
        after: Option<RecoveryId>,
        limit: u8,
    ) -> Result<Page<Readable<Recovery>>, StoreError> {
        let mut call = self
            .client()
            .query()
            .table_name(self.table())
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", text(keys::tenant_partition(tenant)))
            .expression_attribute_values(":prefix", text(keys::RECOVERY))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(i32::from(limit));
        if let Some(after) = after {
            call = call.set_exclusive_start_key(Some(keys::recovery(tenant, after).attributes()));
        }
        let answer = call.send().await.map_err(StoreError::aws)?;
        let next = answer.last_evaluated_key.as_ref().map(|key| id_of(key, keys::RECOVERY));
        let read = item::read::<RecoveryItem, Recovery>;
        let items = answer.items.unwrap_or_default().into_iter();
        let items = items.map(|row| Readable::of(id_of(&row, keys::RECOVERY), read(row)));
        Ok(Page { items: items.collect::<Result<_, _>>()?, next })
    }

    pub(super) fn running_count(&self, tenant: TenantId, change: i64) -> UpdateBuilder {
        let key = keys::tenant(tenant);
        Update::builder()
            .table_name(self.table())
            .set_key(Some(key.attributes()))
            .update_expression("ADD recoveries_running :change")
            .expression_attribute_values(":change", number(change))
    }

    pub(super) fn recovery_update(&self, tenant: TenantId, recovery: RecoveryId) -> UpdateBuilder {
        let key = keys::recovery(tenant, recovery);
        Update::builder()
            .table_name(self.table())
            .set_key(Some(key.attributes()))
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#ttl", "ttl")
    }

    pub(super) async fn end_recovery(&self, tenant: TenantId, row: UpdateBuilder) -> Result<bool, StoreError> {
        let row = row.build().map_err(StoreError::aws)?;
        let count = self.running_count(tenant, -1).build().map_err(StoreError::aws)?;
        let call = self
            .client()
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().update(row).build())
            .transact_items(TransactWriteItem::builder().update(count).build());
        match self.write(call).await {
            Ok(_) => Ok(true),
            Err(error) if refused_entry(&error).is_some() => Ok(false),
            Err(error) => Err(StoreError::of_write(error)),
        }
    }
}

pub(super) fn ended_values(status: RecoveryStatus, now: Timestamp) -> [(String, AttributeValue); 3] {
    let at = status.finished_at().unwrap_or(now);
    let expires = at.saturating_add(RETENTION).unwrap_or(Timestamp::MAX);
    [
        (":status".to_owned(), text(status.as_str())),
        (":ended".to_owned(), number(at.as_millisecond())),
        (":ttl".to_owned(), number(expires.as_second())),
    ]
}
