//! Recoveries: held, dead or missing deliveries of one webhook, or of all webhooks of a tenant, since a given time are
//! attempted again, at a given rate. `deliver` does them page by page; here they are started, shown and cancelled.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::room::Api;

mod request;
mod view;
mod cancel;
mod list;
mod read;
mod start;

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/api/v1/webhooks/{webhook_id}/recover", post(start::of_webhook))
        .route("/api/v1/recoveries", get(list::list).post(start::of_tenant))
        .route("/api/v1/recoveries/{recovery_id}", get(read::read).delete(cancel::cancel))
}
