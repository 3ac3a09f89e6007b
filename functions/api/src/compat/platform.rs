//! The platform's own management API, on the same webhooks. It names all webhooks of a tenant by their numbers.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, put};

use crate::room::Api;

pub(super) mod error;
mod number;
mod events;
mod request;
mod view;
mod create;
mod delete;
mod list;
mod patch;
mod replace;

pub(crate) fn routes() -> Router<Arc<Api>> {
    let one = put(replace::replace).patch(patch::patch).delete(delete::delete);
    Router::new()
        .route("/api/webhooks/manage", get(list::list).post(create::create))
        .route("/api/webhooks/manage/{id}", one)
}
