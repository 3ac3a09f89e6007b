//! `GET /v3/REST/eventcallbackurl/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::entry::{Entry, EntryId};
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
    Id(id): Id<EntryId>,
    query: Query,
) -> Result<Json<Answer>, Refusal> {
    query.finish(())?;
    let webhooks = numbered(&api, tenant).await?;
    let entry = Entry::find(&webhooks, id)?;
    Ok(Json(Answer::page(&[entry], 1)))
}
