//! `GET /api/v1/redrives/{redrive_id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::error::list_error;
use super::redrive_id::RedriveId;
use super::view::RedriveView;
use crate::http::caller::Operator;
use crate::http::error::{ApiError, not_found};
use crate::http::path::Id;
use crate::http::query::Query;
use crate::noun::Noun;
use crate::room::Api;

pub(super) async fn read(
    _: Operator,
    State(api): State<Arc<Api>>,
    Id(id): Id<RedriveId>,
    query: Query,
) -> Result<Json<RedriveView>, ApiError> {
    query.finish()?;
    let redrives = api.redrives.list().await.map_err(list_error)?;
    let redrive = id.find(redrives).ok_or_else(|| not_found(Noun::Redrive))?;
    Ok(Json(RedriveView::from(&redrive)))
}
