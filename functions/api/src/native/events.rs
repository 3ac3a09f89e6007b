//! Events: what was accepted, as its owner may see it.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::room::Api;

mod view;
mod deliveries;
mod list;
mod read;
mod resend;

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/api/v1/events", get(list::list))
        .route("/api/v1/events/{event_id}", get(read::read))
        .route("/api/v1/events/{event_id}/deliveries", get(deliveries::deliveries))
        .route("/api/v1/events/{event_id}/resend", post(resend::resend))
}
