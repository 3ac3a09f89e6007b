//! `GET /api/v1/events/{event_id}`, with the provider's own object

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use shared::id::EventId;

use super::view::Shown;
use crate::http::caller::Reader;
use crate::http::error::{Refusal, not_found};
use crate::http::path::Id;
use crate::http::query::Query;
use crate::room::Api;

pub(super) async fn read(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    Id(id): Id<EventId>,
    query: Query,
) -> Result<Response, Refusal> {
    query.finish(())?;
    let event = api.events.get_or_kept(tenant, id).await?.ok_or_else(|| not_found("event"))?;
    Ok(Json(Shown::whole(&event)).into_response())
}
