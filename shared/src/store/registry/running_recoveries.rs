//! Running recoveries, as `deliver` carries them out page by page.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::AttributeValue;

use super::item::TenantItem;
use super::recovery_rows::{ENDED, ended_values};
use super::{Readable, Registry, StoreError, keys};
use crate::store::attribute::{number, text};
use domain::id::{RecoveryId, TenantId};
use domain::recovery::{Recovery, RecoveryStatus};

/// Number of recoveries read at a time, when all of a tenant's are searched.
const ALL_PAGE: u8 = 100;
/// The assignments when a page is done.
const NOTED: &str = "page = :page, at_webhook = :webhook, at_state = :state, at_row = :row, looked_at = :looked_at, \
                     recovered = :recovered, skipped = :skipped, updated_at = :now, due_at = :due";
/// The condition that the page is the next one of a running recovery.
const IS_NEXT: &str = "page = :before AND #status = :running";

/// Running recoveries. Only `deliver` holds this group.
#[derive(Debug, Clone)]
pub struct RunningRecoveries {
    registry: Registry,
}

impl RunningRecoveries {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// One recovery of a tenant, if it exists; strongly consistent.
    pub async fn get(&self, tenant: TenantId, recovery: RecoveryId) -> Result<Option<Recovery>, StoreError> {
        self.registry.get_recovery(tenant, recovery).await
    }

    /// The running recoveries of a tenant. One read for a tenant without any.
    pub async fn of_tenant(&self, tenant: TenantId) -> Result<Vec<Recovery>, StoreError> {
        let counted: Option<TenantItem> = self.registry.get(keys::tenant(tenant), true).await?;
        if counted.and_then(|item| item.recoveries_running).unwrap_or(0) == 0 {
            return Ok(Vec::new());
        }
        let (mut running, mut after) = (Vec::new(), None);
        loop {
            let page = self.registry.list_recoveries(tenant, after, ALL_PAGE).await?;
            after = page.next.map(|last| last.parse()).transpose().map_err(StoreError::unreadable)?;
            let readable = page.items.into_iter().filter_map(Readable::read);
            running.extend(readable.filter(|recovery| recovery.status == RecoveryStatus::Running));
            if after.is_none() {
                return Ok(running);
            }
        }
    }

    /// Records that the page before `noted.page` is done. Returns whether it was the next page of a running recovery.
    pub async fn note_page(&self, noted: &Recovery) -> Result<bool, StoreError> {
        let key = keys::recovery(noted.tenant, noted.id);
        let call = self
            .registry
            .client()
            .update_item()
            .table_name(self.registry.table())
            .set_key(Some(key.attributes()))
            .update_expression(format!("SET {NOTED}"))
            .condition_expression(IS_NEXT)
            .expression_attribute_names("#status", "status")
            .set_expression_attribute_values(Some(noted_values(noted)));
        match self.registry.write(call).await {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(UpdateItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(StoreError::of_write(error)),
        }
    }

    /// Records the last page and ends the recovery with `ended.status`. Returns whether this call did. An ended
    /// recovery is deleted after [`RETENTION`](domain::recovery::RETENTION).
    pub async fn end(&self, ended: &Recovery) -> Result<bool, StoreError> {
        let mut expression = format!("SET {NOTED}, {ENDED}");
        let mut values = noted_values(ended);
        values.extend(ended_values(ended.status, ended.updated_at));
        if let RecoveryStatus::Failed { reason, .. } = ended.status {
            expression.push_str(", reason = :reason");
            values.insert(":reason".to_owned(), text(reason.as_str()));
        }
        let row = self.registry.recovery_update(ended.tenant, ended.id).update_expression(expression);
        let row = row.condition_expression(IS_NEXT).set_expression_attribute_values(Some(values));
        self.registry.end_recovery(ended.tenant, row).await
    }
}

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

fn text_or_null(value: Option<String>) -> AttributeValue {
    value.map_or(AttributeValue::Null(true), AttributeValue::S)
}
