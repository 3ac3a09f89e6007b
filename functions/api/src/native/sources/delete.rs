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

/// Maximum number of tries while other requests change the same source. Reason: a client that changes the source in a
/// loop must not keep another one from deleting it.
const TRIES: u8 = 16;

pub(super) async fn delete(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<SourceId>,
) -> Result<StatusCode, ApiError> {
    for number in 0..TRIES {
        let deleted = match api.sources.get(tenant, id).await {
            Ok(source) => api.sources.delete(&source.ok_or_else(|| not_found(Noun::Source))?).await,
            Err(StoreError::Unreadable(_)) => api.sources.delete_unreadable(tenant, id).await,
            Err(error) => Err(error),
        };
        match deleted {
            Ok(()) => return Ok(StatusCode::NO_CONTENT),
            // Another request changed or deleted it at the same time. The next try finds out.
            Err(StoreError::Conflict) => api.pauses.after_try(number).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}
