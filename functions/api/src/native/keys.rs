//! API keys. Admins create and revoke them, and a tenant for itself. Only the answer that creates a key shows it.

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get};

use crate::room::Api;

mod view;
mod create;
mod list;
mod revoke;

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/api/v1/keys", get(list::list).post(create::create))
        .route("/api/v1/keys/{key_id}", delete(revoke::revoke))
}
