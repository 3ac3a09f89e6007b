//! `POST /api/v1/sources/{source_id}/rotate-key`: a new ingest key; the old one ends within `CACHE_SECONDS`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::clock::random;
use shared::id::SourceId;
use shared::source::{IngestKey, Source};

use super::view::Shown;
use crate::http::body::OptionalBody;
use crate::http::caller::Manager;
use crate::http::error::{Refusal, not_found};
use crate::http::path::Id;
use crate::room::Api;

pub(super) async fn rotate_key(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<SourceId>,
    OptionalBody(body): OptionalBody,
) -> Result<Json<Shown>, Refusal> {
    body.finish(Some(()))?;
    let stored = api.registry.get_source(tenant, id).await?.ok_or_else(|| not_found("source"))?;
    let (key, replaced) = (IngestKey::generate(stored.provider, random()), stored.ingest_key.clone());
    let rotated = Source { ingest_key: key.hash(), updated_at: api.now(), ..stored };
    // Not tried again on a conflict: two rotations at once are better told than merged.
    api.registry.replace_source(&rotated, Some(&replaced)).await?;
    Ok(Json(Shown::with_key(&rotated, &key, &api.public_url)))
}
