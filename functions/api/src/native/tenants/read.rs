//! `GET /api/v1/tenants/{tenant_id}`: any tenant for admins, itself for a tenant

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::TenantId;

use super::Shown;
use crate::http::caller::Asks;
use crate::http::error::{Refusal, not_found};
use crate::http::path::Id;
use crate::http::query::Query;
use crate::room::Api;

pub(super) async fn read(
    asks: Asks,
    State(api): State<Arc<Api>>,
    Id(id): Id<TenantId>,
    query: Query,
) -> Result<Json<Shown>, Refusal> {
    query.finish(())?;
    let visible = asks.is_admin() || asks.own_tenant()? == id;
    let tenant = if visible { api.registry.get_tenant(id).await? } else { None };
    let tenant = tenant.ok_or_else(|| not_found("tenant"))?;
    Ok(Json(Shown::from(&tenant)))
}
