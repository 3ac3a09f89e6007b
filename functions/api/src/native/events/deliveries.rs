//! `GET /api/v1/events/{event_id}/deliveries`: the deliveries to webhooks that the tenant has now. A delivery is listed
//! once it was attempted or held.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use shared::id::EventId;

use crate::http::caller::Reader;
use crate::http::error::{ApiError, not_found};
use crate::http::page::ListView;
use crate::http::path::Id;
use crate::http::query::Query;
use crate::manage::webhook_ids::webhook_ids;
use crate::native::deliveries::{DeliveryEntry, entries};
use crate::noun::Noun;
use crate::room::Api;

pub(super) async fn deliveries(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    Id(id): Id<EventId>,
    query: Query,
) -> Result<Json<ListView<DeliveryEntry>>, ApiError> {
    query.finish()?;
    let webhooks = webhook_ids(&api, tenant).await?;
    let deliveries = api.deliveries.of_event(tenant, id, &webhooks).await?;
    // Test events have deliveries, but are not stored themselves.
    if deliveries.is_empty() && api.events.get_or_kept(tenant, id).await?.is_none() {
        return Err(not_found(Noun::Event).into());
    }
    // One page has them all: a tenant has at most 500 webhooks.
    Ok(Json(ListView::new(entries(&deliveries), None)))
}
