//! `PATCH /api/v1/sources/{source_id}`: its name, and how its posts are verified; what is absent stays as it is

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::SourceId;
use shared::problem::Problem;
use shared::source::{Source, Trust};
use shared::store::StoreError;

use super::MAX_NAME;
use super::proof::Proof;
use super::shown::Shown;
use crate::Api;
use crate::body::{Fields, text};
use crate::caller::Manager;
use crate::path::Id;
use crate::refusal::{Refusal, not_found};

/// How often a change is tried when somebody else keeps changing the same source.
const TRIES: u8 = 2;

pub(super) async fn patch(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<SourceId>,
    mut body: Fields,
) -> Result<Json<Shown>, Refusal> {
    let name = body.optional("name", text(0..=MAX_NAME));
    let proof = Proof::read(&mut body);
    body.finish(Some(()))?;
    let mut conflict = StoreError::Conflict;
    for _ in 0..TRIES {
        let stored = api.registry.get_source(tenant, id).await?.ok_or_else(|| not_found("source"))?;
        let verification = proof.given_for(stored.provider).map_err(|fault| Problem::invalid(vec![fault]))?;
        let changed = Source {
            name: name.clone().unwrap_or(stored.name),
            trust: Trust { verification: verification.unwrap_or(stored.trust.verification), ..stored.trust },
            updated_at: api.now(),
            ..stored
        };
        match api.registry.replace_source(&changed, None).await {
            Ok(()) => return Ok(Json(Shown::from(&changed))),
            Err(error @ StoreError::Conflict) => conflict = error,
            Err(error) => return Err(error.into()),
        }
    }
    Err(conflict.into())
}
