//! `GET /api/v1/event-types/{event_type}`

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use shared::event::EventType;
use shared::problem::Problem;

use super::Shown;
use crate::http::caller::Asks;
use crate::http::error::Refusal;
use crate::http::query::Query;

pub(super) async fn read(
    _: Asks,
    name: Result<Path<String>, PathRejection>,
    query: Query,
) -> Result<Json<Shown>, Refusal> {
    query.finish(())?;
    let known = name.ok().and_then(|Path(name)| EventType::deliverable().find(|known| known.as_str() == name));
    Ok(Json(Shown::from(known.ok_or_else(unknown)?)))
}

/// A name that a dialect or a provider has for a type is none of ours.
fn unknown() -> Problem {
    let known: Vec<_> = EventType::deliverable().map(EventType::as_str).collect();
    let detail = format!("There is no event type of this name; there are: {}.", known.join(", "));
    Problem::new(404, "not-found", "Not found", detail)
}
