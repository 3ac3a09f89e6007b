//! `GET /api/v1/event-types/{event_type}`

use axum::Json;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use shared::event::EventType;
use shared::problem::Problem;

use super::view::EventTypeView;
use crate::http::caller::AnyCaller;
use crate::http::error::ApiError;
use crate::http::query::Query;

pub(super) async fn read(
    _: AnyCaller,
    name: Result<Path<String>, PathRejection>,
    query: Query,
) -> Result<Json<EventTypeView>, ApiError> {
    query.finish()?;
    let known = name.ok().and_then(|Path(name)| EventType::deliverable().find(|known| known.as_str() == name));
    Ok(Json(EventTypeView::from(known.ok_or_else(unknown)?)))
}

/// 404, also for a name that only a dialect or a provider has.
fn unknown() -> Problem {
    let known: Vec<_> = EventType::deliverable().map(EventType::as_str).collect();
    let detail = format!("There is no event type with this name. There are: {}.", known.join(", "));
    Problem::new(404, "not-found", "Not found", detail)
}
