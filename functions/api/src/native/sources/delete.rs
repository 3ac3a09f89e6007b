//! `DELETE /api/v1/sources/{source_id}`: `ingest` refuses posts to its ingest key within
//! `CACHE_SECONDS`; its events stay

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use shared::id::SourceId;
use shared::store::StoreError;

use crate::http::caller::Manager;
use crate::http::error::{ApiError, not_found};
use crate::http::path::Id;
use crate::noun::Noun;
use crate::room::Api;

pub(super) async fn delete(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<SourceId>,
) -> Result<StatusCode, ApiError> {
    let deleted = match api.sources.get(tenant, id).await {
        Ok(source) => api.sources.delete(&source.ok_or_else(|| not_found(Noun::Source))?).await,
        Err(StoreError::Unreadable(_)) => api.sources.delete_unreadable(tenant, id).await,
        Err(error) => Err(error),
    };
    match deleted {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        // Another request deleted it at the same time.
        Err(StoreError::Conflict) if !api.sources.exists(tenant, id).await? => Err(not_found(Noun::Source).into()),
        Err(error) => Err(error.into()),
    }
}
