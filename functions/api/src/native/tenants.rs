//! Tenants. Admins create and list them; a tenant may read itself, and set defaults for its new webhooks.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::room::Api;

mod view;
mod create;
mod list;
mod read;
mod settings;

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/api/v1/tenants", get(list::list).post(create::create))
        .route("/api/v1/tenants/{tenant_id}", get(read::read))
        .merge(settings::routes())
}
