//! Recoveries in the registry. The tenant's row counts the running ones, in the transaction that begins or ends one. So
//! their number is limited, and the sweep needs one read to see whether there are any.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem, Update};
use jiff::Timestamp;

use super::item::{self, RecoveryItem, TenantItem};
use super::transaction::transaction_error;
use super::{Page, Registry, StoreError, keys};
use crate::store::attribute::{number, text};
use domain::id::{RecoveryId, TenantId};
use domain::recovery::{MAX_RUNNING, RETENTION, Recovery, RecoveryStatus};

/// Number of recoveries read at a time, when all of a tenant's are searched.
const ALL_PAGE: u8 = 100;

impl Registry {
    /// Stores a new, running recovery; [`StoreError::LimitReached`] when the tenant has [`MAX_RUNNING`] running ones.
    pub async fn create_recovery(&self, recovery: &Recovery) -> Result<(), StoreError> {
        let key = keys::recovery(recovery.tenant, recovery.id);
        let row = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item::with_key(key, RecoveryItem::from(recovery))?))
            .condition_expression("attribute_not_exists(pk)")
            .build()
            .map_err(StoreError::aws)?;
        let count = self
            .running_count(recovery.tenant, 1)
            .condition_expression(
                "attribute_exists(pk) AND (attribute_not_exists(recoveries_running) OR recoveries_running < :most)",
            )
            .expression_attribute_values(":most", number(i64::from(MAX_RUNNING)))
            .build()
            .map_err(StoreError::aws)?;
        self.client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().put(row).build())
            .transact_items(TransactWriteItem::builder().update(count).build())
            .send()
            .await
            .map_err(|error| transaction_error(error, &[StoreError::Conflict, StoreError::LimitReached]))?;
        Ok(())
    }

    fn running_count(&self, tenant: TenantId, change: i64) -> UpdateBuilder {
        let key = keys::tenant(tenant);
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .update_expression("ADD recoveries_running :change")
            .expression_attribute_values(":change", number(change))
    }

    /// One recovery of a tenant, if it exists; strongly consistent.
    pub async fn get_recovery(&self, tenant: TenantId, recovery: RecoveryId) -> Result<Option<Recovery>, StoreError> {
        let item: Option<RecoveryItem> = self.get(keys::recovery(tenant, recovery), true).await?;
        item.map(Recovery::try_from).transpose()
    }

    /// The recoveries of a tenant, latest first, below `after`.
    pub async fn list_recoveries(
        &self,
        tenant: TenantId,
        after: Option<RecoveryId>,
        limit: u8,
    ) -> Result<Page<Recovery>, StoreError> {
        let mut call = self
            .client
            .query()
            .table_name(&self.table)
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
        let items: Vec<RecoveryItem> =
            serde_dynamo::from_items(answer.items.unwrap_or_default()).map_err(StoreError::unreadable)?;
        let items = items.into_iter().map(Recovery::try_from).collect::<Result<Vec<_>, _>>()?;
        let more = answer.last_evaluated_key.is_some();
        let next = items.last().filter(|_| more).map(|last| last.id.to_string());
        Ok(Page { items, next })
    }

    /// The running recoveries of a tenant. One read for a tenant without any.
    pub async fn running_recoveries(&self, tenant: TenantId) -> Result<Vec<Recovery>, StoreError> {
        let counted: Option<TenantItem> = self.get(keys::tenant(tenant), true).await?;
        if counted.and_then(|item| item.recoveries_running).unwrap_or(0) == 0 {
            return Ok(Vec::new());
        }
        let (mut running, mut after) = (Vec::new(), None);
        loop {
            let page = self.list_recoveries(tenant, after, ALL_PAGE).await?;
            after = page.next.is_some().then(|| page.items.last().map(|last| last.id)).flatten();
            running.extend(page.items.into_iter().filter(|recovery| recovery.status == RecoveryStatus::Running));
            if after.is_none() {
                return Ok(running);
            }
        }
    }

    /// Records that the page before `noted.page` is done. Returns whether it was the next page of a running recovery.
    pub async fn note_recovery_page(&self, noted: &Recovery) -> Result<bool, StoreError> {
        let key = keys::recovery(noted.tenant, noted.id);
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .update_expression(format!("SET {NOTED}"))
            .condition_expression(IS_NEXT)
            .expression_attribute_names("#status", "status")
            .set_expression_attribute_values(Some(noted_values(noted)));
        match call.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::aws(error)),
        }
    }

    /// Records the last page and ends the recovery with `ended.status`. Returns whether this call did; it returns false
    /// also when another caller is changing the tenant's row. An ended recovery is deleted after [`RETENTION`].
    pub async fn end_recovery(&self, ended: &Recovery) -> Result<bool, StoreError> {
        let mut expression = format!("SET {NOTED}, {ENDED}");
        let mut values = noted_values(ended);
        values.extend(ended_values(ended.status, ended.updated_at));
        if let RecoveryStatus::Failed { reason, .. } = ended.status {
            expression.push_str(", reason = :reason");
            values.insert(":reason".to_owned(), text(reason.as_str()));
        }
        let row = self.recovery_update(ended.tenant, ended.id).update_expression(expression);
        let row = row.condition_expression(IS_NEXT).set_expression_attribute_values(Some(values));
        self.end(ended.tenant, row).await
    }

    /// Cancels a recovery. Returns whether it was running; false also when another caller is changing the tenant's row.
    pub async fn cancel_recovery(
        &self,
        tenant: TenantId,
        recovery: RecoveryId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut values = HashMap::from(ended_values(RecoveryStatus::Cancelled { at: now }, now));
        values.insert(":running".to_owned(), text(RecoveryStatus::Running.as_str()));
        values.insert(":now".to_owned(), number(now.as_millisecond()));
        let row = self.recovery_update(tenant, recovery).update_expression(format!("SET updated_at = :now, {ENDED}"));
        let row = row.condition_expression("#status = :running").set_expression_attribute_values(Some(values));
        self.end(tenant, row).await
    }

    fn recovery_update(&self, tenant: TenantId, recovery: RecoveryId) -> UpdateBuilder {
        let key = keys::recovery(tenant, recovery);
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#ttl", "ttl")
    }

    async fn end(&self, tenant: TenantId, row: UpdateBuilder) -> Result<bool, StoreError> {
        let row = row.build().map_err(StoreError::aws)?;
        let count = self.running_count(tenant, -1).build().map_err(StoreError::aws)?;
        let call = self
            .client
            .transact_write_items()
            .transact_items(TransactWriteItem::builder().update(row).build())
            .transact_items(TransactWriteItem::builder().update(count).build());
        match call.send().await.map_err(|error| transaction_error(error, &[StoreError::Conflict])) {
            Ok(_) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The assignments when a page is done.
const NOTED: &str = "page = :page, at_webhook = :webhook, at_state = :state, at_row = :row, looked_at = :looked_at, \
                     recovered = :recovered, skipped = :skipped, updated_at = :now, due_at = :due";
/// The assignments when a recovery ends.
const ENDED: &str = "#status = :status, ended = :ended, #ttl = :ttl";
/// The condition that the page is the next one of a running recovery.
const IS_NEXT: &str = "page = :before AND #status = :running";

fn noted_values(noted: &Recovery) -> HashMap<String, AttributeValue> {
    let progress = noted.progress;
    HashMap::from(
        [
            (":before", number(i64::from(noted.page) - 1)),
            (":running", text(RecoveryStatus::Running.as_str())),
            (":page", number(i64::from(noted.page))),
            (":webhook", text_or_null(noted.position.webhook.map(|webhook| webhook.to_string()))),
            (":state", text(noted.position.state.as_str())),
            (":row", text_or_null(noted.position.after.clone())),
            (":looked_at", number(progress.looked_at)),
            (":recovered", number(progress.recovered)),
            (":skipped", number(i64::from(progress.skipped_webhooks))),
            (":now", number(noted.updated_at.as_millisecond())),
            (":due", number(noted.due_at.as_millisecond())),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    )
}

fn ended_values(status: RecoveryStatus, now: Timestamp) -> [(String, AttributeValue); 3] {
    let at = status.finished_at().unwrap_or(now);
    let expires = at.saturating_add(RETENTION).unwrap_or(Timestamp::MAX);
    [
        (":status".to_owned(), text(status.as_str())),
        (":ended".to_owned(), number(at.as_millisecond())),
        (":ttl".to_owned(), number(expires.as_second())),
    ]
}

fn text_or_null(value: Option<String>) -> AttributeValue {
    value.map_or(AttributeValue::Null(true), AttributeValue::S)
}
