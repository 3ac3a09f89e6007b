//! `POST /api/v1/sources`: the ingest key is shown here, and never again

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;
use shared::clock::random;
use shared::id::SourceId;
use shared::provider::Provider;
use shared::source::{IngestKey, Source};

use super::view::Shown;
use super::{MAX_NAME, trust};
use crate::http::body::{Faults, Fields, parsed, text};
use crate::http::caller::Manager;
use crate::http::error::Refusal;
use crate::room::Api;

pub(super) async fn create(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    mut body: Fields,
) -> Result<(StatusCode, Json<Shown>), Refusal> {
    let provider = body.required("provider", provider);
    let name = body.optional("name", text(0..=MAX_NAME)).unwrap_or_default();
    let trust = trust::of_new(&mut body, provider, &api.public_url);
    let (provider, trust) = body.finish(provider.zip(trust))?;

    let now = api.now();
    let key = IngestKey::generate(provider, random());
    let source = Source {
        id: SourceId::mint(now, random()),
        tenant,
        provider,
        name,
        trust,
        ingest_key: key.hash(),
        created_at: now,
        updated_at: now,
        revision: 1,
    };
    api.registry.create_source(&source).await?;
    Ok((StatusCode::CREATED, Json(Shown::with_key(&source, &key, &api.public_url))))
}

/// A provider whose posts can be taken in; a tenant's own events need no source.
fn provider(value: Value) -> Result<Provider, Faults> {
    let word = parsed::<String>(value)?;
    let sources = || Provider::ALL.iter().copied().filter(|provider| provider.proof().is_some());
    let known = || sources().map(Provider::as_str).collect::<Vec<_>>().join(", ");
    sources()
        .find(|provider| provider.as_str() == word)
        .ok_or_else(|| format!("unknown provider; there are: {}", known()).into())
}
