//! `GET /api/v1/event-types`, in the order of the documentation

use axum::Json;
use shared::event::EventType;

use super::Shown;
use crate::http::caller::Asks;
use crate::http::error::Refusal;
use crate::http::page::Listed;
use crate::http::query::Query;

pub(super) async fn list(_: Asks, query: Query) -> Result<Json<Listed<Shown>>, Refusal> {
    query.finish(())?;
    Ok(Json(Listed::new(EventType::deliverable().map(Shown::from).collect(), None)))
}
