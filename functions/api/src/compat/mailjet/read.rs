//! `GET /v3/REST/eventcallbackurl/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::entry::{Entry, Key};
use super::view::Answer;
use crate::http::caller::Reader;
use crate::http::error::Refusal;
use crate::http::path::Id;
use crate::http::query::Query;
use crate::manage::register::numbered;
use crate::room::Api;

pub(super) async fn read(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    Id(key): Id<Key>,
    query: Query,
) -> Result<Json<Answer>, Refusal> {
    query.finish(())?;
    let webhooks = numbered(&api, tenant).await?;
    let entry = Entry::find(&webhooks, key)?;
    Ok(Json(Answer::page(&[entry], 1)))
}
