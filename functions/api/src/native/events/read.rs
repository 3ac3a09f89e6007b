//! `GET /api/v1/events/{event_id}`, with what the provider sent

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use shared::id::EventId;

use super::view::EventView;
use crate::http::caller::Reader;
use crate::http::error::{ApiError, not_found};
use crate::http::path::Id;
use crate::http::query::Query;
use crate::noun::Noun;
use crate::room::Api;

pub(super) async fn read(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    Id(id): Id<EventId>,
    query: Query,
) -> Result<Response, ApiError> {
    query.finish()?;
    let event = api.events.get_or_kept(tenant, id).await?.ok_or_else(|| not_found(Noun::Event))?;
    Ok(Json(EventView::whole(&event)).into_response())
}
