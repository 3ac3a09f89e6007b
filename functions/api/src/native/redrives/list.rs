//! `GET /api/v1/redrives`: the last ten, latest first. SQS remembers no more.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::error::list_error;
use super::view::RedriveView;
use crate::http::caller::Operator;
use crate::http::error::ApiError;
use crate::http::page::ListView;
use crate::http::query::Query;
use crate::room::Api;

pub(super) async fn list(
    _: Operator,
    State(api): State<Arc<Api>>,
    query: Query,
) -> Result<Json<ListView<RedriveView>>, ApiError> {
    query.finish()?;
    let redrives = api.redrives.list().await.map_err(list_error)?;
    Ok(Json(ListView::new(redrives.iter().map(RedriveView::from).collect(), None)))
}
