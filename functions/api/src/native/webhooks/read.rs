//! `GET /api/v1/webhooks/{webhook_id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::WebhookId;

use super::view::WebhookView;
use crate::http::caller::Reader;
use crate::http::error::{ApiError, not_found};
use crate::http::path::Id;
use crate::http::query::Query;
use crate::noun::Noun;
use crate::room::Api;

pub(super) async fn read(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    Id(id): Id<WebhookId>,
    query: Query,
) -> Result<Json<WebhookView>, ApiError> {
    query.finish()?;
    let webhook = api.webhooks.get(tenant, id).await?.ok_or_else(|| not_found(Noun::Webhook))?;
    let breaker = api.breakers.get(tenant, id).await?;
    Ok(Json(WebhookView::with_health(&webhook, &breaker)))
}
