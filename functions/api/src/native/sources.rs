//! Sources: a tenant's connections to providers.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::room::Api;

mod trust;
mod view;
mod create;
mod delete;
mod list;
mod patch;
mod read;
mod rotate_key;

/// Maximum characters of a source's name.
const MAX_NAME: usize = 200;

pub(crate) fn routes() -> Router<Arc<Api>> {
    let one = get(read::read).patch(patch::patch).delete(delete::delete);
    Router::new()
        .route("/api/v1/sources", get(list::list).post(create::create))
        .route("/api/v1/sources/{source_id}", one)
        .route("/api/v1/sources/{source_id}/rotate-key", post(rotate_key::rotate_key))
}
