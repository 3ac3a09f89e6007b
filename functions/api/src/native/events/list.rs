//! `GET /api/v1/events`, by their own times, newest first

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::value::{RawValue, to_raw_value};
use shared::event::Event;
use shared::id::EventId;

use super::view::EventView;
use crate::http::caller::Reader;
use crate::http::error::ApiError;
use crate::http::page::{self, ListView};
use crate::http::query::Query;
use crate::http::time_range::time_range;
use crate::room::Api;

/// Bytes at which a page ends early. Reason: a Lambda answer has at most 6 MB, and metadata can be large.
const MAX_BYTES: usize = 4 * 1024 * 1024;

pub(super) async fn list(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    mut query: Query,
) -> Result<Response, ApiError> {
    let range = time_range(&mut query, api.now());
    let limit = page::limit(&mut query);
    let after: Option<EventId> = page::cursor(&mut query);
    query.finish()?;
    let page = api.events.list(tenant, range, after, limit).await?;
    let (data, cut_at) = within_bytes(&page.items);
    let next = cut_at.map(|id| id.to_string()).or(page.next);
    Ok(Json(ListView::new(data, next)).into_response())
}

/// As many events as fit, but at least one, and the id of the last of them if others were left out.
fn within_bytes(events: &[Event]) -> (Vec<Box<RawValue>>, Option<EventId>) {
    let (mut data, mut bytes): (Vec<Box<RawValue>>, usize) = (Vec::with_capacity(events.len()), 0);
    for (index, event) in events.iter().enumerate() {
        // Every map key is a string, so this cannot fail.
        let Ok(json) = to_raw_value(&EventView::brief(event)) else { continue };
        bytes += json.get().len();
        if bytes > MAX_BYTES && index > 0 {
            return (data, Some(events[index - 1].id));
        }
        data.push(json);
    }
    (data, None)
}
