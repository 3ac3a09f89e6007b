//! `GET /api/v1/tenants`, oldest first

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::TenantId;

use super::view::TenantView;
use crate::http::caller::Operator;
use crate::http::error::ApiError;
use crate::http::page::{self, ListEntry, ListView};
use crate::http::query::Query;
use crate::room::Api;

pub(super) async fn list(
    _: Operator,
    State(api): State<Arc<Api>>,
    mut query: Query,
) -> Result<Json<ListView<ListEntry<TenantView>>>, ApiError> {
    let limit = page::limit(&mut query);
    let after: Option<TenantId> = page::cursor(&mut query);
    query.finish()?;
    let after = after.map(|id| id.to_string());
    let page = api.tenants.list(after.as_deref(), limit).await?;
    Ok(Json(ListView::of_rows(page, |row| TenantView::from(row))))
}
