//! Event types: the catalogue of what can be subscribed to, and what a webhook receives of it. It is the same for
//! everybody and touches no table but that of the caller's key.

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
struct Shown {
    r#type: &'static str,
    description: &'static str,
    schema: Value,
    /// The very bytes that the dialect writes, in its order of fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<Box<RawValue>>,
}

impl From<EventType> for Shown {
    fn from(event_type: EventType) -> Self {
        Self {
            r#type: event_type.as_str(),
            description: event_type.meaning(),
            schema: catalogue::schema(event_type),
            // The dialect writes JSON, so there always is one.
            example: serde_json::from_slice(&catalogue::example_body(event_type)).ok(),
        }
    }
}
