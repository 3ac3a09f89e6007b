//! `GET /api/v1/recoveries`, latest first

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::RecoveryId;

use super::view::RecoveryView;
use crate::http::caller::Reader;
use crate::http::error::ApiError;
use crate::http::page::{self, ListEntry, ListView};
use crate::http::query::Query;
use crate::room::Api;

pub(super) async fn list(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    mut query: Query,
) -> Result<Json<ListView<ListEntry<RecoveryView>>>, ApiError> {
    let limit = page::limit(&mut query);
    let after: Option<RecoveryId> = page::cursor(&mut query);
    query.finish()?;
    let page = api.recoveries.list(tenant, after, limit).await?;
    Ok(Json(ListView::of_rows(page, |row| RecoveryView::from(row))))
}
