//! From a stream record to the event in it.

use std::collections::HashMap;

use aws_lambda_events::event::dynamodb::EventRecord;
use aws_sdk_dynamodb::types::AttributeValue;
use shared::event::Event;
use shared::store::StoreError;
use shared::store::events::event_in_row;

/// The event whose insert the record reports. The mapping's filter lets nothing else through.
pub(crate) fn event_of(record: EventRecord) -> Result<Event, StoreError> {
    let row: HashMap<String, AttributeValue> = record.change.new_image.into();
    event_in_row(&row)
}
