//! The platform's own management API, on the same webhooks: all of a tenant's, by their numbers.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, put};

use crate::room::Api;

mod create;
mod delete;
pub(crate) mod error;
mod events;
mod request;
mod list;
mod number;
mod patch;
mod replace;
mod view;

pub(crate) fn routes() -> Router<Arc<Api>> {
    let one = put(replace::replace).patch(patch::patch).delete(delete::delete);
    Router::new()
        .route("/api/webhooks/manage", get(list::list).post(create::create))
        .route("/api/webhooks/manage/{id}", one)
}
