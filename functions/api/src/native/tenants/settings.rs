//! A tenant's settings: defaults for its new webhooks.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use serde::Serialize;
use shared::dialect::Dialect;
use shared::id::TenantId;
use shared::tenant::TenantSettings;

use crate::http::caller::AnyCaller;
use crate::http::error::{ApiError, not_found};
use crate::noun::Noun;
use crate::room::Api;

mod patch;
mod read;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/api/v1/tenants/{tenant_id}/settings", get(read::read).patch(patch::patch))
}

/// Settings as answers show them: without the secret.
#[derive(Debug, Serialize)]
struct SettingsView {
    default_dialect: &'static str,
    has_webhook_secret: bool,
}

impl From<&TenantSettings> for SettingsView {
    fn from(settings: &TenantSettings) -> Self {
        Self {
            default_dialect: settings.default_dialect.unwrap_or(Dialect::Standard).as_str(),
            has_webhook_secret: settings.webhook_secret.is_some(),
        }
    }
}

/// 404 unless the tenant exists, and the caller is an admin or belongs to the tenant.
async fn check_visible(caller: &AnyCaller, api: &Api, tenant: TenantId) -> Result<(), ApiError> {
    let visible = caller.is_admin() || caller.own_tenant()? == tenant;
    if visible && api.registry.get_tenant(tenant).await?.is_some() {
        Ok(())
    } else {
        Err(not_found(Noun::Tenant).into())
    }
}
