//! Which of many events are stored already. A repeated post asks this, so that it reaches its new events quickly.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::{Event, Events, StoreError, keys};
use domain::id::EventId;

/// Maximum events of a call. Reason: DynamoDB takes 100 keys in one `BatchGetItem`.
pub const MAX_KEYS: usize = 100;

impl Events {
    /// Which of up to [`MAX_KEYS`] events are stored, strongly consistent. Keys that DynamoDB left unread count as not
    /// stored; a put of these events finds out. The ids must differ.
    pub async fn known(&self, events: &[&Event]) -> Result<HashSet<EventId>, StoreError> {
        let key = |event: &&Event| keys::event(event.tenant, event.id).attributes();
        let asked = KeysAndAttributes::builder()
            .set_keys(Some(events.iter().map(key).collect()))
            // The function's role may read no other attributes.
            .projection_expression("pk, sk")
            .consistent_read(true)
            .build()
            .map_err(StoreError::aws)?;
        let call = self.client.batch_get_item().request_items(&self.table, asked);
        let rows = call.send().await.map_err(StoreError::aws)?.responses.unwrap_or_default();
        let ids = rows.into_values().flatten().filter_map(|row| row.get("sk")?.as_s().ok()?.parse().ok());
        Ok(ids.collect())
    }
}
