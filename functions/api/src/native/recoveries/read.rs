//! `GET /api/v1/recoveries/{recovery_id}`: its progress

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::RecoveryId;

use super::view::RecoveryView;
use crate::http::caller::Reader;
use crate::http::error::{ApiError, not_found};
use crate::http::path::Id;
use crate::http::query::Query;
use crate::noun::Noun;
use crate::room::Api;

pub(super) async fn read(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    Id(id): Id<RecoveryId>,
    query: Query,
) -> Result<Json<RecoveryView>, ApiError> {
    query.finish()?;
    let recovery = api.recoveries.get(tenant, id).await?.ok_or_else(|| not_found(Noun::Recovery))?;
    Ok(Json(RecoveryView::from(&recovery)))
}
