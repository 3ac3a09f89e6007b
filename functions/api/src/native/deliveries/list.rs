//! `GET /api/v1/webhooks/{webhook_id}/deliveries`, by the times of their events, newest first

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::delivery::StateKind;
use shared::id::{EventId, WebhookId};

use super::view::{DeliveryEntry, entries};
use crate::http::caller::Reader;
use crate::http::error::{ApiError, not_found};
use crate::http::field_errors::FieldErrors;
use crate::http::page::{self, ListView};
use crate::http::path::Id;
use crate::http::query::Query;
use crate::http::time_range::time_range;
use crate::noun::Noun;
use crate::room::Api;

pub(super) async fn list(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    Id(webhook): Id<WebhookId>,
    mut query: Query,
) -> Result<Json<ListView<DeliveryEntry>>, ApiError> {
    let range = time_range(&mut query, api.now());
    let state = query.optional("state", state);
    let limit = page::limit(&mut query);
    let after: Option<EventId> = page::cursor(&mut query);
    query.finish()?;

    let exists = api.webhook_writer.exists(tenant, webhook).await?;
    let page = api.deliveries.list(tenant, webhook, range, state, after, limit).await?;
    // The deliveries of a deleted webhook stay until their retention ends. The store gives rows of this tenant only, so
    // a webhook of another tenant looks like one that never existed.
    if !exists && page.items.is_empty() {
        return Err(not_found(Noun::Webhook).into());
    }
    Ok(Json(ListView::new(entries(&page.items), page.next)))
}

fn state(word: &str) -> Result<StateKind, FieldErrors> {
    let known = || StateKind::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(", ");
    StateKind::from_word(word).ok_or_else(|| format!("expected one of {}", known()).into())
}
