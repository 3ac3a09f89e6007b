//! `GET /api/v1/tenants/{tenant_id}/settings`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::TenantId;

use super::{Shown, check_visible};
use crate::http::caller::Asks;
use crate::http::error::Refusal;
use crate::http::path::Id;
use crate::http::query::Query;
use crate::room::Api;

pub(super) async fn read(
    asks: Asks,
    State(api): State<Arc<Api>>,
    Id(tenant): Id<TenantId>,
    query: Query,
) -> Result<Json<Shown>, Refusal> {
    query.finish(())?;
    check_visible(&asks, &api, tenant).await?;
    Ok(Json(Shown::from(&api.registry.get_settings(tenant).await?)))
}
