//! A stream record: its place in the stream, and the event in it.

use std::collections::HashMap;

use aws_lambda_events::event::dynamodb::EventRecord;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::event::Event;
use shared::store::StoreError;
use shared::store::events::event_in_row;
use tracing::Span;

use crate::span;

/// One insert into the events table.
#[derive(Debug)]
pub(crate) struct Record {
    /// Its place in the stream.
    pub(crate) sequence_number: String,
    /// The partition key of its row.
    pub(crate) pk: String,
    /// The sort key of its row: the event's id.
    pub(crate) sk: String,
    /// The event, unless this release cannot read it.
    pub(crate) event: Result<Event, StoreError>,
}

impl Record {
    /// Reads a record. The mapping's filter lets only inserts of events through.
    pub(crate) fn read(record: EventRecord) -> Self {
        let row: HashMap<String, AttributeValue> = record.change.new_image.into();
        let keys: HashMap<String, AttributeValue> = record.change.keys.into();
        let key = |name: &str| {
            let value = row.get(name).or_else(|| keys.get(name));
            value.and_then(|value| value.as_s().ok()).cloned().unwrap_or_default()
        };
        let (pk, sk, event) = (key("pk"), key("sk"), event_in_row(&row));
        let sequence_number = record.change.sequence_number.unwrap_or_default();
        Self { sequence_number, pk, sk, event }
    }

    /// The span of log lines about the record. It is made when there is such a line. Reason: most records need none,
    /// and a span for each record of a large batch costs a twentieth of the batch's instructions.
    pub(crate) fn span(&self) -> Span {
        span::of_record(&self.sequence_number, &self.sk, self.event.as_ref().ok())
    }
}
