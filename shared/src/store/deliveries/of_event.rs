//! The deliveries of one event, or to one webhook, by their keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes};

use super::{Deliveries, ListedDelivery, StoreError, item, key_of, keys};
use domain::id::{EventId, TenantId, WebhookId};

/// Maximum number of keys of one batch: `DynamoDB`'s limit.
const BATCH: usize = 100;
/// Maximum number of calls for the keys that a batch left unread, before the batch counts as failed.
const MAX_ROUNDS: u8 = 5;

impl Deliveries {
    /// The deliveries of `event` to `webhooks`, ordered by webhook id. Deliveries that were not attempted yet have no
    /// row and are missing.
    pub async fn of_event(
        &self,
        tenant: TenantId,
        event: EventId,
        webhooks: &[WebhookId],
    ) -> Result<Vec<ListedDelivery>, StoreError> {
        let mut deliveries = Vec::new();
        for batch in webhooks.chunks(BATCH) {
            let wanted = batch.iter().map(|webhook| key(*webhook, event)).collect();
            deliveries.extend(self.get_batch(tenant, wanted, false).await?);
        }
        deliveries.sort_by_key(|delivery| key_of(delivery).webhook);
        Ok(deliveries)
    }

    /// The deliveries of `events` to `webhook`, strongly consistent, in no particular order.
    pub async fn to_webhook(
        &self,
        tenant: TenantId,
        webhook: WebhookId,
        events: &[EventId],
    ) -> Result<Vec<ListedDelivery>, StoreError> {
        let mut deliveries = Vec::new();
        for batch in events.chunks(BATCH) {
            let wanted = batch.iter().map(|event| key(webhook, *event)).collect();
            deliveries.extend(self.get_batch(tenant, wanted, true).await?);
        }
        Ok(deliveries)
    }

    async fn get_batch(
        &self,
        tenant: TenantId,
        keys: Vec<HashMap<String, AttributeValue>>,
        consistent: bool,
    ) -> Result<Vec<ListedDelivery>, StoreError> {
        let mut found = Vec::new();
        let mut left = keys;
        for _ in 0..MAX_ROUNDS {
            if left.is_empty() {
                return Ok(found);
            }
            let asked = KeysAndAttributes::builder()
                .set_keys(Some(left))
                .consistent_read(consistent)
                .build()
                .map_err(StoreError::aws)?;
            let answer =
                self.client.batch_get_item().request_items(&self.table, asked).send().await.map_err(StoreError::aws)?;
            for items in answer.responses.unwrap_or_default().into_values() {
                for item in items {
                    found.extend(item::entry_in(tenant, item)?);
                }
            }
            left = answer.unprocessed_keys.unwrap_or_default().into_values().flat_map(|keys| keys.keys).collect();
        }
        Err(StoreError::Aws("DynamoDB left keys of a batch unread five times".into()))
    }
}

fn key(webhook: WebhookId, event: EventId) -> HashMap<String, AttributeValue> {
    keys::delivery(webhook, event).attributes()
}
