//! `GET /api/v1/event-types`, in the order of the documentation

use axum::Json;
use shared::event::EventType;

use super::view::EventTypeView;
use crate::http::caller::AnyCaller;
use crate::http::error::ApiError;
use crate::http::page::ListView;
use crate::http::query::Query;

pub(super) async fn list(_: AnyCaller, query: Query) -> Result<Json<ListView<EventTypeView>>, ApiError> {
    query.finish()?;
    Ok(Json(ListView::new(EventType::deliverable().map(EventTypeView::from).collect(), None)))
}
