//! `GET /api/v1/tenants/{tenant_id}`: an admin may read any tenant, a tenant only itself

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::TenantId;

use super::view::TenantView;
use crate::http::caller::AnyCaller;
use crate::http::error::{ApiError, not_found};
use crate::http::path::Id;
use crate::http::query::Query;
use crate::noun::Noun;
use crate::room::Api;

pub(super) async fn read(
    caller: AnyCaller,
    State(api): State<Arc<Api>>,
    Id(id): Id<TenantId>,
    query: Query,
) -> Result<Json<TenantView>, ApiError> {
    query.finish()?;
    let visible = caller.is_admin() || caller.own_tenant()? == id;
    let tenant = if visible { api.tenants.get(id).await? } else { None };
    let tenant = tenant.ok_or_else(|| not_found(Noun::Tenant))?;
    Ok(Json(TenantView::from(&tenant)))
}
