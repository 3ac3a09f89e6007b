//! `GET /v3/REST/eventcallbackurl`: all webhooks of the tenant, whichever API made them, once for each of Mailjet's event types
//! that they want

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::entry::Entry;
use super::filters::Filters;
use super::view::Answer;
use crate::http::caller::Reader;
use crate::http::error::Refusal;
use crate::http::query::Query;
use crate::manage::register::numbered;
use crate::room::Api;

pub(super) async fn list(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    query: Query,
) -> Result<Json<Answer>, Refusal> {
    let filters = Filters::read(query)?;
    let webhooks = numbered(&api, tenant).await?;
    Ok(Json(filters.answer(webhooks.iter().flat_map(Entry::all_of).collect())))
}
