//! Redrives: SQS moves the jobs of the dead-letter queue back to the deliveries queue. Only admins may start one,
//! because the queue has the jobs of all tenants.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::room::Api;

mod redrive_id;
mod view;
mod error;
mod cancel;
mod list;
mod read;
mod start;

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/api/v1/redrives", get(list::list).post(start::start))
        .route("/api/v1/redrives/{redrive_id}", get(read::read).delete(cancel::cancel))
}
