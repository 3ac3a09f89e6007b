//! `PATCH /api/v1/sources/{source_id}`: its name, and what its posts must prove. Fields that the request leaves out
//! stay as they are.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::SourceId;
use shared::source::{Source, Trust};
use shared::store::StoreError;

use super::view::SourceView;
use super::{MAX_NAME, trust};
use crate::http::body::{Fields, text};
use crate::http::caller::Manager;
use crate::http::error::{ApiError, not_found};
use crate::http::field_errors::FieldErrors;
use crate::http::path::Id;
use crate::noun::Noun;
use crate::room::Api;

/// Maximum number of tries of a change while other requests keep changing the same source. Reason: as in
/// `manage::change`.
const TRIES: u8 = 16;

/// A valid request to change a source.
struct PatchSource {
    name: Option<String>,
    /// Whole: what the request leaves out is as stored.
    trust: Trust,
}

pub(super) async fn patch(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<SourceId>,
    body: Fields,
) -> Result<Json<SourceView>, ApiError> {
    for number in 0..TRIES {
        let stored = api.sources.get(tenant, id).await?.ok_or_else(|| not_found(Noun::Source))?;
        // What a request may give follows from what is stored, so the body is read again with each stored source.
        let patch = PatchSource::read(body.clone(), &stored, &api.public_url)?;
        let name = patch.name.unwrap_or(stored.name);
        let changed = Source { name, trust: patch.trust, updated_at: api.now(), ..stored };
        match api.sources.replace(&changed, None).await {
            Ok(()) => return Ok(Json(SourceView::from(&changed))),
            Err(StoreError::Conflict) => api.pauses.after_try(number).await,
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}

impl PatchSource {
    fn read(mut body: Fields, stored: &Source, public_url: &str) -> Result<Self, FieldErrors> {
        let name = body.optional("name", text(0..=MAX_NAME));
        let trust = trust::changed(&mut body, stored, public_url);
        body.finish(|| Some(Self { name, trust: trust? }))
    }
}
