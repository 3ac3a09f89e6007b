//! `GET /api/v1/recoveries/{recovery_id}`: its progress

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::RecoveryId;

use super::Shown;
use crate::http::caller::Reader;
use crate::http::error::{Refusal, not_found};
use crate::http::path::Id;
use crate::http::query::Query;
use crate::room::Api;

pub(super) async fn read(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    Id(id): Id<RecoveryId>,
    query: Query,
) -> Result<Json<Shown>, Refusal> {
    query.finish(())?;
    let recovery = api.registry.get_recovery(tenant, id).await?.ok_or_else(|| not_found("recovery"))?;
    Ok(Json(Shown::from(&recovery)))
}
