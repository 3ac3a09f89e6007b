//! Webhooks: what a tenant registers to be delivered to.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::room::Api;

mod request;
mod health;
mod verification;
mod view;
mod test_event;
mod create;
mod delete;
mod list;
mod patch;
mod read;
mod rotate_secret;
mod test;
mod verify;

pub(crate) fn routes() -> Router<Arc<Api>> {
    let one = get(read::read).patch(patch::patch).delete(delete::delete);
    Router::new()
        .route("/api/v1/webhooks", get(list::list).post(create::create))
        .route("/api/v1/webhooks/{webhook_id}", one)
        .route("/api/v1/webhooks/{webhook_id}/rotate-secret", post(rotate_secret::rotate_secret))
        .route("/api/v1/webhooks/{webhook_id}/test", post(test::test))
        .route("/api/v1/webhooks/{webhook_id}/verify", post(verify::verify))
}
