//! `PATCH /api/v1/sources/{source_id}`: its name, and what its posts must prove; what is absent stays as it is

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::SourceId;
use shared::source::Source;
use shared::store::StoreError;

use super::view::Shown;
use super::{MAX_NAME, trust};
use crate::http::body::{Fields, text};
use crate::http::caller::Manager;
use crate::http::error::{Refusal, not_found};
use crate::http::path::Id;
use crate::room::Api;

/// How often a change is tried when somebody else keeps changing the same source.
const TRIES: u8 = 2;

pub(super) async fn patch(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<SourceId>,
    body: Fields,
) -> Result<Json<Shown>, Refusal> {
    let mut conflict = StoreError::Conflict;
    for _ in 0..TRIES {
        let stored = api.registry.get_source(tenant, id).await?.ok_or_else(|| not_found("source"))?;
        // What can be given follows from what is stored, so it is read anew with it.
        let mut body = body.clone();
        let name = body.optional("name", text(0..=MAX_NAME));
        let trust = trust::changed(&mut body, &stored, &api.public_url);
        let trust = body.finish(trust)?;
        let changed = Source { name: name.unwrap_or(stored.name), trust, updated_at: api.now(), ..stored };
        match api.registry.replace_source(&changed, None).await {
            Ok(()) => return Ok(Json(Shown::from(&changed))),
            Err(error @ StoreError::Conflict) => conflict = error,
            Err(error) => return Err(error.into()),
        }
    }
    Err(conflict.into())
}
