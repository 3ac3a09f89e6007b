//! `GET /api/v1/sources/{source_id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::SourceId;

use super::view::SourceView;
use crate::http::caller::Reader;
use crate::http::error::{ApiError, not_found};
use crate::http::path::Id;
use crate::http::query::Query;
use crate::noun::Noun;
use crate::room::Api;

pub(super) async fn read(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    Id(id): Id<SourceId>,
    query: Query,
) -> Result<Json<SourceView>, ApiError> {
    query.finish()?;
    let source = api.sources.get(tenant, id).await?.ok_or_else(|| not_found(Noun::Source))?;
    Ok(Json(SourceView::from(&source)))
}
