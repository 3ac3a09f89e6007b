//! Event types: the catalogue of the types that a webhook can subscribe to, and of what it receives. The catalogue is
//! the same for every caller; it reads no table, except the one with the caller's key.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::room::Api;

mod view;
mod list;
mod read;

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/api/v1/event-types", get(list::list))
        .route("/api/v1/event-types/{event_type}", get(read::read))
}
