//! `GET /api/v1/events/{event_id}/deliveries`: to each webhook that the tenant has now, once it was attempted or held

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::EventId;

use crate::http::caller::Reader;
use crate::http::error::{Refusal, not_found};
use crate::http::page::Listed;
use crate::http::path::Id;
use crate::http::query::Query;
use crate::native::deliveries::Shown;
use crate::room::Api;

pub(super) async fn deliveries(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    Id(id): Id<EventId>,
    query: Query,
) -> Result<Json<Listed<Shown>>, Refusal> {
    query.finish(())?;
    let webhooks: Vec<_> = api.registry.all_subscribers(tenant).await?.iter().map(|webhook| webhook.id).collect();
    let deliveries = api.deliveries.of_event(tenant, id, &webhooks).await?;
    // Made-up events have deliveries, but are not stored themselves.
    if deliveries.is_empty() && api.events.get_or_kept(tenant, id).await?.is_none() {
        return Err(not_found("event").into());
    }
    // All at once: a tenant has at most 500 webhooks.
    Ok(Json(Listed::new(deliveries.iter().map(Shown::brief).collect(), None)))
}
