//! Event types: the catalogue of the types that a webhook can subscribe to, and of what it receives. The catalogue is
//! the same for every caller; it reads no table, except the one with the caller's key.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use shared::dialect::catalogue;
use shared::event::EventType;

use crate::room::Api;

mod list;
mod read;

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/api/v1/event-types", get(list::list))
        .route("/api/v1/event-types/{event_type}", get(read::read))
}

/// One type of the catalogue.
#[derive(Debug, Serialize)]
struct EventTypeView {
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
