//! `GET /api/v1/redrives`: the last ten, which is as many as SQS remembers; latest first

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::{Shown, unlisted};
use crate::http::caller::Operator;
use crate::http::error::Refusal;
use crate::http::page::Listed;
use crate::http::query::Query;
use crate::room::Api;

pub(super) async fn list(
    _: Operator,
    State(api): State<Arc<Api>>,
    query: Query,
) -> Result<Json<Listed<Shown>>, Refusal> {
    query.finish(())?;
    let redrives = api.redrives.list().await.map_err(unlisted)?;
    Ok(Json(Listed::new(redrives.iter().map(Shown::from).collect(), None)))
}
