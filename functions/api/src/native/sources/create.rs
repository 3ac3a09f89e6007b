//! `POST /api/v1/sources`: only this answer, and that of `rotate-key`, shows an ingest key

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::Value;
use shared::clock::random;
use shared::id::SourceId;
use shared::provider::Provider;
use shared::source::{IngestKey, Source, Trust};

use super::view::SourceView;
use super::{MAX_NAME, trust};
use crate::http::body::{Fields, parsed, text};
use crate::http::caller::Manager;
use crate::http::error::ApiError;
use crate::http::field_errors::FieldErrors;
use crate::manage::limits::creation_error;
use crate::noun::Noun;
use crate::room::Api;
use crate::span;

/// A valid request for a new source.
struct CreateSource {
    provider: Provider,
    name: String,
    trust: Trust,
}

pub(super) async fn create(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    body: Fields,
) -> Result<(StatusCode, Json<SourceView>), ApiError> {
    let CreateSource { provider, name, trust } = CreateSource::read(body, &api.public_url)?;
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
    span::note(Noun::Source, source.id);
    if let Err(error) = api.sources.create(&source).await {
        return Err(creation_error(&api, tenant, Noun::Source, error).await.into());
    }
    Ok((StatusCode::CREATED, Json(SourceView::with_key(&source, &key, &api.public_url))))
}

impl CreateSource {
    fn read(mut body: Fields, public_url: &str) -> Result<Self, FieldErrors> {
        let provider = body.required("provider", provider);
        let name = body.optional("name", text(0..=MAX_NAME)).unwrap_or_default();
        let trust = trust::of_new(&mut body, provider, public_url);
        body.finish(|| Some(Self { provider: provider?, name, trust: trust? }))
    }
}

/// A provider whose posts we can receive. A tenant's own events need no source.
fn provider(value: Value) -> Result<Provider, FieldErrors> {
    let word = parsed::<String>(value)?;
    let known = || Provider::of_sources().map(Provider::as_str).collect::<Vec<_>>().join(", ");
    Provider::of_sources()
        .find(|provider| provider.as_str() == word)
        .ok_or_else(|| format!("unknown provider; there are: {}", known()).into())
}
