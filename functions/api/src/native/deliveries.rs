//! Deliveries: what became of each event for each webhook that wanted it.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::room::Api;

mod accepted;
mod view;
mod list;
mod read;

pub(crate) use accepted::Accepted;
pub(crate) use view::{DeliveryEntry, entries};

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/api/v1/webhooks/{webhook_id}/deliveries", get(list::list))
        .route("/api/v1/webhooks/{webhook_id}/deliveries/{event_id}", get(read::read))
}
