//! `GET /api/v1/redrives/{redrive_id}`: its progress

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::redrive_id::RedriveId;
use super::{Shown, unlisted};
use crate::http::caller::Operator;
use crate::http::error::{Refusal, not_found};
use crate::http::path::Id;
use crate::http::query::Query;
use crate::room::Api;

pub(super) async fn read(
    _: Operator,
    State(api): State<Arc<Api>>,
    Id(id): Id<RedriveId>,
    query: Query,
) -> Result<Json<Shown>, Refusal> {
    query.finish(())?;
    let redrives = api.redrives.list().await.map_err(unlisted)?;
    let redrive = id.find(redrives).ok_or_else(|| not_found("redrive"))?;
    Ok(Json(Shown::from(&redrive)))
}
