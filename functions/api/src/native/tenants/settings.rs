//! A tenant's settings: defaults for its new webhooks.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::room::Api;

mod view;
mod visible;
mod patch;
mod read;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/api/v1/tenants/{tenant_id}/settings", get(read::read).patch(patch::patch))
}
