//! A tenant's settings: what its new webhooks have where the request says nothing.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use serde::Serialize;
use shared::dialect::Dialect;
use shared::id::TenantId;
use shared::tenant::TenantSettings;

use crate::http::caller::Asks;
use crate::http::error::{Refusal, not_found};
use crate::room::Api;

mod patch;
mod read;

pub(super) fn routes() -> Router<Arc<Api>> {
    Router::new().route("/api/v1/tenants/{tenant_id}/settings", get(read::read).patch(patch::patch))
}

/// Settings as they are shown: the secret never.
#[derive(Debug, Serialize)]
struct Shown {
    default_dialect: &'static str,
    has_webhook_secret: bool,
}

impl From<&TenantSettings> for Shown {
    fn from(settings: &TenantSettings) -> Self {
        Self {
            default_dialect: settings.default_dialect.unwrap_or(Dialect::Standard).as_str(),
            has_webhook_secret: settings.webhook_secret.is_some(),
        }
    }
}

/// 404 unless the tenant is there and the caller is an admin or of this tenant.
async fn check_visible(asks: &Asks, api: &Api, tenant: TenantId) -> Result<(), Refusal> {
    let visible = asks.is_admin() || asks.own_tenant()? == tenant;
    if visible && api.registry.get_tenant(tenant).await?.is_some() { Ok(()) } else { Err(not_found("tenant").into()) }
}
