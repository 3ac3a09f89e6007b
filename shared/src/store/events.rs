//! The events table: each accepted event once. The stream of its inserts guarantees that `dispatch` sees every event.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem};
use jiff::Timestamp;

use super::{EventWrite, Page, StoreError, busy};
use domain::event::Event;
use domain::id::{EventId, TenantId};
use domain::retention::Retention;

mod keys;
mod row;
mod known;
mod put_batch;
mod tokens;
mod list;
mod keep;

pub use known::MAX_KEYS;
pub use put_batch::MAX_STATEMENTS;
pub use row::{event_in_row, event_named_by, is_of_newer_release, row as event_row};
pub use tokens::TokenClaim;

/// The events table.
#[derive(Debug, Clone)]
pub struct Events {
    client: Client,
    table: String,
    retention: Retention,
}

/// The result of a put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The event is new.
    Stored,
    /// The event was stored before: this is a provider's retry.
    AlreadyThere,
}

impl Events {
    /// The table `table`, reached through `client`. Rows are kept for `retention_days`, and longer while a delivery
    /// needs them.
    pub fn new(client: Client, table: impl Into<String>, retention_days: u32) -> Self {
        Self { client, table: table.into(), retention: Retention::of_days(retention_days) }
    }

    /// Stores an event unless it is stored already. This write is the acceptance of the event; the table's stream
    /// replays everything that follows.
    pub async fn put(&self, event: &Event) -> Result<Put, StoreError> {
        let call = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(row::row(event, self.expiry(event.accepted_at))?))
            .condition_expression("attribute_not_exists(pk)");
        match busy::write(&self.client, call).await {
            Ok(_) => Ok(Put::Stored),
            Err(error) => match error.as_service_error() {
                Some(refused) if refused.is_conditional_check_failed_exception() => Ok(Put::AlreadyThere),
                _ => Err(StoreError::of_write(error)),
            },
        }
    }

    /// The write of an event that reports a change of state, for the transaction of that change. It has no condition of
    /// its own. The condition of the change decides, and the event's id is as unique as the change.
    pub fn event_write(&self, event: &Event) -> Result<EventWrite, StoreError> {
        let row = row::row(event, self.expiry(event.accepted_at))?;
        let put = aws_sdk_dynamodb::types::Put::builder().table_name(&self.table).set_item(Some(row));
        Ok(EventWrite(TransactWriteItem::builder().put(put.build().map_err(StoreError::aws)?).build()))
    }

    /// One event of a tenant, if it is still stored. The read is strongly consistent, so that a job never mistakes a
    /// new event for an expired one. [`StoreError::Unreadable`] when this version cannot read the row.
    pub async fn get(&self, tenant: TenantId, event: EventId) -> Result<Option<Event>, StoreError> {
        self.get_row(tenant, event).await?.map(|row| event_in_row(&row)).transpose()
    }

    /// Like [`Events::get`], for people: a row that this version cannot read becomes an `unparsed` event with the
    /// stored bytes.
    pub async fn get_or_kept(&self, tenant: TenantId, event: EventId) -> Result<Option<Event>, StoreError> {
        self.get_row(tenant, event).await?.map(|row| row::event_or_kept(&row)).transpose()
    }

    async fn get_row(
        &self,
        tenant: TenantId,
        event: EventId,
    ) -> Result<Option<HashMap<String, AttributeValue>>, StoreError> {
        let key = keys::event(tenant, event);
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key.attributes()))
            .consistent_read(true)
            .send()
            .await
            .map_err(StoreError::aws)?;
        Ok(answer.item)
    }

    fn expiry(&self, accepted_at: Timestamp) -> i64 {
        self.retention.end_of_event(accepted_at).as_second()
    }
}
