//! `GET /api/v1/tenants/{tenant_id}/settings`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::TenantId;

use super::view::SettingsView;
use super::visible::check_visible;
use crate::http::caller::AnyCaller;
use crate::http::error::ApiError;
use crate::http::path::Id;
use crate::http::query::Query;
use crate::room::Api;

pub(super) async fn read(
    caller: AnyCaller,
    State(api): State<Arc<Api>>,
    Id(tenant): Id<TenantId>,
    query: Query,
) -> Result<Json<SettingsView>, ApiError> {
    query.finish()?;
    check_visible(&caller, &api, tenant).await?;
    Ok(Json(SettingsView::from(&api.settings.get(tenant).await?)))
}
