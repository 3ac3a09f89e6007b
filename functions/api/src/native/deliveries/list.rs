//! `GET /api/v1/webhooks/{webhook_id}/deliveries`, by their events' times, newest first

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::delivery::StateKind;
use shared::id::{EventId, WebhookId};

use super::Shown;
use crate::http::caller::Reader;
use crate::http::error::{Refusal, not_found};
use crate::http::page::{self, Listed};
use crate::http::path::Id;
use crate::http::query::Query;
use crate::http::time_range::time_range;
use crate::room::Api;

pub(super) async fn list(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    Id(webhook): Id<WebhookId>,
    mut query: Query,
) -> Result<Json<Listed<Shown>>, Refusal> {
    let range = time_range(&mut query, api.now());
    let state = query.optional("state", state);
    let limit = page::limit(&mut query);
    let after: Option<EventId> = page::cursor(&mut query);
    let (range, state, after) = query.finish((range, state, after))?;

    let exists = api.registry.get_webhook(tenant, webhook).await?.is_some();
    let page = api.deliveries.list(tenant, webhook, range, state, after, limit).await?;
    // A deleted webhook's deliveries stay until their retention ends. The store gives this tenant's rows only, so
    // another tenant's webhook looks like one that never was.
    if !exists && page.items.is_empty() {
        return Err(not_found("webhook").into());
    }
    Ok(Json(Listed::new(page.items.iter().map(Shown::brief).collect(), page.next)))
}

fn state(word: &str) -> Result<StateKind, String> {
    let known = || StateKind::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(", ");
    StateKind::from_word(word).ok_or_else(|| format!("expected one of {}", known()))
}
