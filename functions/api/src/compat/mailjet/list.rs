//! `GET /v3/REST/eventcallbackurl`: all webhooks of the tenant, also those made through other APIs. A webhook is listed
//! once for each of Mailjet's event types that it wants.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::entry::Entry;
use super::filters::Filters;
use super::view::EntryList;
use crate::http::caller::Reader;
use crate::http::error::ApiError;
use crate::http::query::Query;
use crate::manage::number::numbered;
use crate::room::Api;

pub(super) async fn list(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    query: Query,
) -> Result<Json<EntryList>, ApiError> {
    let filters = Filters::read(query)?;
    let webhooks = numbered(&api, tenant).await?;
    Ok(Json(filters.answer(webhooks.iter().flat_map(Entry::all_of).collect())))
}
