//! `GET /v3/REST/eventcallbackurl/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::entry::{Entry, Key};
use super::shown::Answer;
use crate::Api;
use crate::caller::Reader;
use crate::path::Id;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::webhooks::register::numbered;

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
