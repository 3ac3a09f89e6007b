//! Our own API, `/api/v1`: a folder for each noun, a file for each operation.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::room::Api;

pub(crate) mod deliveries;
mod dead_letters;
mod event_types;
mod events;
mod health;
mod keys;
pub(crate) mod public_keys;
mod recoveries;
mod redrives;
mod sources;
pub(crate) mod webhooks;
mod tenants;

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/health", get(health::health))
        .merge(tenants::routes())
        .merge(keys::routes())
        .merge(webhooks::routes())
        .merge(public_keys::routes())
        .merge(sources::routes())
        .merge(events::routes())
        .merge(event_types::routes())
        .merge(deliveries::routes())
        .merge(dead_letters::routes())
        .merge(redrives::routes())
        .merge(recoveries::routes())
}
