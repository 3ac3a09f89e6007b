//! `GET /api/v1/webhooks/{webhook_id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::WebhookId;

use super::view::Shown;
use crate::http::caller::Reader;
use crate::http::error::{Refusal, not_found};
use crate::http::path::Id;
use crate::http::query::Query;
use crate::room::Api;

pub(super) async fn read(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    Id(id): Id<WebhookId>,
    query: Query,
) -> Result<Json<Shown>, Refusal> {
    query.finish(())?;
    let webhook = api.registry.get_webhook(tenant, id).await?.ok_or_else(|| not_found("webhook"))?;
    let breaker = api.registry.get_breaker(tenant, id).await?;
    Ok(Json(Shown::with_health(&webhook, &breaker)))
}
