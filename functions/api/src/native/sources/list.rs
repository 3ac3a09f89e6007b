//! `GET /api/v1/sources`, oldest first

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::SourceId;

use super::view::SourceView;
use crate::http::caller::Reader;
use crate::http::error::ApiError;
use crate::http::page::{self, ListEntry, ListView};
use crate::http::query::Query;
use crate::room::Api;

pub(super) async fn list(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    mut query: Query,
) -> Result<Json<ListView<ListEntry<SourceView>>>, ApiError> {
    let limit = page::limit(&mut query);
    let after: Option<SourceId> = page::cursor(&mut query);
    query.finish()?;
    let after = after.map(|id| id.to_string());
    let page = api.sources.list(tenant, after.as_deref(), limit).await?;
    Ok(Json(ListView::of_rows(page, |row| SourceView::from(row))))
}
