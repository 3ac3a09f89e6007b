//! `GET /api/v1/event-types`, in the order of the documentation

use axum::Json;
use shared::event::EventType;

use super::Shown;
use crate::caller::Asks;
use crate::page::Listed;
use crate::query::Query;
use crate::refusal::Refusal;

pub(super) async fn list(_: Asks, query: Query) -> Result<Json<Listed<Shown>>, Refusal> {
    query.finish(())?;
    Ok(Json(Listed::new(EventType::deliverable().map(Shown::from).collect(), None)))
}
