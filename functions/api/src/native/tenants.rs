//! Tenants. Admins create, list, suspend and limit them; a tenant may read itself, and set defaults for its new
//! webhooks.

use std::ops::RangeInclusive;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::room::Api;

mod view;
mod create;
mod list;
mod read;
mod patch;
mod settings;

/// Numbers of characters that a name may have.
const NAME: RangeInclusive<usize> = 1..=200;

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/api/v1/tenants", get(list::list).post(create::create))
        .route("/api/v1/tenants/{tenant_id}", get(read::read).patch(patch::patch))
        .merge(settings::routes())
}
