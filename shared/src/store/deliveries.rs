//! The deliveries table: one row for each delivery that was attempted or held, with its attempts.

use aws_sdk_dynamodb::Client;

use super::{Readable, StoreError};
use domain::delivery::{Delivery, DeliveryKey};
use domain::id::{EventId, TenantId, WebhookId};
use domain::retention::Retention;

mod item;
mod keys;
mod list;
mod of_event;
mod record;

pub use list::HeldOrDeadOrder;
pub use record::Change;

/// The index that contains only the rows of held and dead deliveries, and of long waits.
const HELD_DEAD_INDEX: &str = "held-dead";
/// How long a job waits that lists rows of the index which were written just now (5 s). Reason: the index follows the
/// table within about a second.
pub const INDEX_LAG_SECONDS: u16 = 5;

/// A delivery in a list. If this release cannot read its row, the list has the delivery's key.
pub type ListedDelivery = Readable<Delivery, DeliveryKey>;

/// The key of a delivery in a list.
pub fn key_of(listed: &ListedDelivery) -> DeliveryKey {
    match listed {
        Readable::Read(delivery) => delivery.key(),
        Readable::Unreadable(key) => *key,
    }
}

/// The deliveries table.
#[derive(Debug, Clone)]
pub struct Deliveries {
    client: Client,
    table: String,
    retention: Retention,
}

impl Deliveries {
    /// The table `table`, reached through `client`. The row of an ended delivery is kept for `retention_days`.
    pub fn new(client: Client, table: impl Into<String>, retention_days: u32) -> Self {
        Self { client, table: table.into(), retention: Retention::of_days(retention_days) }
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
}
