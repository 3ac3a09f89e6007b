//! `GET /api/v1/sources/{source_id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::SourceId;

use super::shown::Shown;
use crate::Api;
use crate::caller::Reader;
use crate::path::Id;
use crate::query::Query;
use crate::refusal::{Refusal, not_found};

pub(super) async fn read(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    Id(id): Id<SourceId>,
    query: Query,
) -> Result<Json<Shown>, Refusal> {
    query.finish(())?;
    let source = api.registry.get_source(tenant, id).await?.ok_or_else(|| not_found("source"))?;
    Ok(Json(Shown::from(&source)))
}
