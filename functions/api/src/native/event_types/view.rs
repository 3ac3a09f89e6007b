//! An event type as answers show it.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use shared::dialect::catalogue;
use shared::event::EventType;

/// One type of the catalogue.
#[derive(Debug, Serialize)]
pub(super) struct EventTypeView {
    r#type: &'static str,
    description: &'static str,
    schema: Value,
    /// The bytes that the dialect writes, with the fields in its order.
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<Box<RawValue>>,
}

impl From<EventType> for EventTypeView {
    fn from(event_type: EventType) -> Self {
        Self {
            r#type: event_type.as_str(),
            description: event_type.meaning(),
            schema: catalogue::schema(event_type),
            // The dialect writes JSON, so reading it cannot fail.
            example: serde_json::from_slice(&catalogue::example_body(event_type)).ok(),
        }
    }
}
