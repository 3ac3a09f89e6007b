//! `DELETE /api/v1/sources/{source_id}`: posts to its ingest key are refused within `CACHE_SECONDS`; its events stay

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use shared::id::SourceId;

use crate::http::caller::Manager;
use crate::http::error::{Refusal, not_found};
use crate::http::path::Id;
use crate::room::Api;

pub(super) async fn delete(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<SourceId>,
) -> Result<StatusCode, Refusal> {
    let source = api.registry.get_source(tenant, id).await?.ok_or_else(|| not_found("source"))?;
    api.registry.delete_source(&source).await?;
    Ok(StatusCode::NO_CONTENT)
}
