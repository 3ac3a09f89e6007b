//! Keeps an event that a delivery needs for longer than the retention.

use jiff::Timestamp;

use super::{Events, StoreError, keys};
use crate::store::attribute::number;
use crate::store::busy;
use domain::id::{EventId, TenantId};

impl Events {
    /// Keeps the row of an event until `until` at least. An event that is not stored, or is kept for longer, stays as
    /// it is. The stream hands only inserts to `dispatch`, so this change is not dispatched.
    pub async fn keep_until(&self, tenant: TenantId, event: EventId, until: Timestamp) -> Result<(), StoreError> {
        let call = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(keys::event(tenant, event).attributes()))
            .update_expression("SET #ttl = :until")
            .condition_expression("#ttl < :until")
            .expression_attribute_names("#ttl", "ttl")
            .expression_attribute_values(":until", number(until.as_second()));
        match busy::write(&self.client, call).await {
            Ok(_) => Ok(()),
            Err(error) => match error.as_service_error() {
                Some(refused) if refused.is_conditional_check_failed_exception() => Ok(()),
                _ => Err(StoreError::of_write(error)),
            },
        }
    }
}
