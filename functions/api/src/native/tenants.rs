//! Tenants. Admins create and list them; a tenant may read itself, and set defaults for its new webhooks.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use serde::Serialize;
use shared::tenant::Tenant;

use crate::room::Api;

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

/// A tenant as answers show it.
#[derive(Debug, Serialize)]
struct TenantView {
    id: String,
    name: String,
    created_at: String,
}

impl From<&Tenant> for TenantView {
    fn from(tenant: &Tenant) -> Self {
        Self { id: tenant.id.to_string(), name: tenant.name.clone(), created_at: tenant.created_at.to_string() }
    }
}
