//! A tenant as answers show it.

use serde::Serialize;
use shared::tenant::Tenant;

/// A tenant as answers show it.
#[derive(Debug, Serialize)]
pub(super) struct TenantView {
    id: String,
    name: String,
    created_at: String,
}

impl From<&Tenant> for TenantView {
    fn from(tenant: &Tenant) -> Self {
        Self { id: tenant.id.to_string(), name: tenant.name.clone(), created_at: tenant.created_at.to_string() }
    }
}
