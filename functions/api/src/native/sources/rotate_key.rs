//! `POST /api/v1/sources/{source_id}/rotate-key`: makes a new ingest key. `ingest` refuses the old one
//! within `CACHE_SECONDS`.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::clock::random;
use shared::id::SourceId;
use shared::source::{IngestKey, Source};

use super::view::SourceView;
use crate::http::body::OptionalBody;
use crate::http::caller::Manager;
use crate::http::error::{ApiError, not_found};
use crate::http::path::Id;
use crate::noun::Noun;
use crate::room::Api;

pub(super) async fn rotate_key(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<SourceId>,
    OptionalBody(body): OptionalBody,
) -> Result<Json<SourceView>, ApiError> {
    body.finish(|| Some(()))?;
    let stored = api.sources.get(tenant, id).await?.ok_or_else(|| not_found(Noun::Source))?;
    let (key, replaced) = (IngestKey::generate(stored.provider, random()), stored.ingest_key.clone());
    let rotated = Source { ingest_key: key.hash(), updated_at: api.now(), ..stored };
    // Not tried again on a conflict: of two concurrent rotations the second client should know that its own did not
    // happen.
    api.sources.replace(&rotated, Some(&replaced)).await?;
    Ok(Json(SourceView::with_key(&rotated, &key, &api.public_url)))
}
