//! Recoveries, as `api` starts, shows and cancels them. The tenant's row counts the running ones, in the transaction
//! that begins or ends one. So their number is limited, and the sweep needs one read to see whether there are any.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use jiff::Timestamp;

use super::item::{self, RecoveryItem};
use super::recovery_rows::{ENDED, ended_values};
use super::transaction::transaction_error;
use super::{Page, Readable, Registry, StoreError, keys};
use crate::store::attribute::{number, text};
use domain::id::{RecoveryId, TenantId};
use domain::recovery::{MAX_RUNNING, Recovery, RecoveryStatus};

/// Recoveries. Only `api` holds this group.
#[derive(Debug, Clone)]
pub struct Recoveries {
    registry: Registry,
}

impl Recoveries {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// Stores a new, running recovery; [`StoreError::LimitReached`] when the tenant has [`MAX_RUNNING`] running ones.
    pub async fn create(&self, recovery: &Recovery) -> Result<(), StoreError> {
        let key = keys::recovery(recovery.tenant, recovery.id);
        let row = Put::builder()
            .table_name(self.registry.table())
            .set_item(Some(item::with_key(key, RecoveryItem::from(recovery))?))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(StoreError::aws)?;
        let count = self
            .registry
            .running_count(recovery.tenant, 1)
            .condition_expression(
                "attribute_exists(pk) AND (attribute_not_exists(recoveries_running) OR recoveries_running < :most)",
            )
            .expression_attribute_values(":most", number(i64::from(MAX_RUNNING)))
            .build()
            .map_err(StoreError::aws)?;
        let call = self
            .registry
            .client()
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(row).build())
            .transact_items(TransactWriteItem::builder().update(count).build());
        let refusals = [StoreError::Conflict, StoreError::LimitReached];
        self.registry.write(call).await.map_err(|error| transaction_error(error, &refusals))?;
        Ok(())
    }

    /// One recovery of a tenant, if it exists; strongly consistent.
    pub async fn get(&self, tenant: TenantId, recovery: RecoveryId) -> Result<Option<Recovery>, StoreError> {
        self.registry.get_recovery(tenant, recovery).await
    }

    /// The recoveries of a tenant, latest first, below `after`.
    pub async fn list(
        &self,
        tenant: TenantId,
        after: Option<RecoveryId>,
        limit: u8,
    ) -> Result<Page<Readable<Recovery>>, StoreError> {
        self.registry.list_recoveries(tenant, after, limit).await
    }

    /// Cancels a recovery. Returns whether it was running.
    pub async fn cancel(&self, tenant: TenantId, recovery: RecoveryId, now: Timestamp) -> Result<bool, StoreError> {
        let mut values = HashMap::from(ended_values(RecoveryStatus::Cancelled { at: now }, now));
        values.insert(":running".to_owned(), text(RecoveryStatus::Running.as_str()));
        values.insert(":now".to_owned(), number(now.as_millisecond()));
        let row = self
            .registry
            .recovery_update(tenant, recovery)
            .update_expression(format!("SET updated_at = :now, {ENDED}"));
        let row = row.condition_expression("#status = :running").set_expression_attribute_values(Some(values));
        self.registry.end_recovery(tenant, row).await
    }
}
