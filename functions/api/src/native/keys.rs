//! API keys. Admins create and revoke them, and a tenant for itself. Only the answer that creates a key shows it.

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get};
use serde::Serialize;
use shared::id::TenantId;
use shared::tenant::ApiKey;

use crate::room::Api;

mod create;
mod list;
mod revoke;

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/api/v1/keys", get(list::list).post(create::create))
        .route("/api/v1/keys/{key_id}", delete(revoke::revoke))
}

/// A key as answers show it; with its secret only when it is created.
#[derive(Debug, Serialize)]
struct KeyView {
    id: String,
    role: &'static str,
    name: String,
    /// `null` for admin keys.
    tenant_id: Option<String>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl From<&ApiKey> for KeyView {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            role: key.role.as_str(),
            name: key.name.clone(),
            tenant_id: key.tenant.map(|tenant: TenantId| tenant.to_string()),
            created_at: key.created_at.to_string(),
            key: None,
        }
    }
}
