//! `GET /api/v1/tenants`, oldest first

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::TenantId;

use super::Shown;
use crate::http::caller::Operator;
use crate::http::error::Refusal;
use crate::http::page::{self, Listed};
use crate::http::query::Query;
use crate::room::Api;

pub(super) async fn list(
    _: Operator,
    State(api): State<Arc<Api>>,
    mut query: Query,
) -> Result<Json<Listed<Shown>>, Refusal> {
    let limit = page::limit(&mut query);
    let after: Option<TenantId> = page::cursor(&mut query);
    let after = query.finish(after)?.map(|id| id.to_string());
    let page = api.registry.list_tenants(after.as_deref(), limit).await?;
    Ok(Json(Listed::new(page.items.iter().map(Shown::from).collect(), page.next)))
}
