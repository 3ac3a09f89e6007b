//! The deliveries table: one row for each delivery that was attempted or held, with its attempts.

use aws_sdk_dynamodb::Client;
use jiff::{SignedDuration, Timestamp};

use super::StoreError;
use domain::delivery::Delivery;
use domain::id::{EventId, TenantId, WebhookId};

mod item;
mod keys;
mod list;
mod of_event;
mod record;

pub use list::HeldOrDeadOrder;
pub use record::Change;

/// The index that contains only rows in the states `held` and `dead`.
const HELD_DEAD_INDEX: &str = "held-dead";

/// The deliveries table.
#[derive(Debug, Clone)]
pub struct Deliveries {
    client: Client,
    table: String,
    retention: SignedDuration,
}

impl Deliveries {
    /// The table `table`, reached through `client`. Rows live for `retention_days` after their last change.
    pub fn new(client: Client, table: impl Into<String>, retention_days: u32) -> Self {
        let retention = SignedDuration::from_hours(24 * i64::from(retention_days));
        Self { client, table: table.into(), retention }
    }

    /// One delivery of a tenant, strongly consistent. `None` before the first attempt, and for deliveries of other
    /// tenants.
    pub async fn get(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        event: EventId,
    ) -> Result<Option<Delivery>, StoreError> {
        let key = keys::delivery(webhook, event);
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(StoreError::aws)?;
        let delivery = answer.item.map(item::delivery_in).transpose()?;
        Ok(delivery.filter(|delivery| delivery.tenant == tenant))
    }

    fn expiry(&self, now: Timestamp) -> i64 {
        now.saturating_add(self.retention).unwrap_or(Timestamp::MAX).as_second()
    }
}
