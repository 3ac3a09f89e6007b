//! `GET /v3/REST/eventcallbackurl/{id}`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::entry::{Entry, EntryKey};
use super::view::EntryList;
use crate::http::caller::Reader;
use crate::http::error::ApiError;
use crate::http::path::Id;
use crate::http::query::Query;
use crate::manage::error::ManageError;
use crate::manage::number::numbered;
use crate::noun::Noun;
use crate::room::Api;

pub(super) async fn read(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    Id(key): Id<EntryKey>,
    query: Query,
) -> Result<Json<EntryList>, ApiError> {
    query.finish()?;
    let webhooks = numbered(&api, tenant).await?;
    let entry = Entry::find(&webhooks, key).ok_or(ManageError::NotFound(Noun::EventCallbackUrl))?;
    Ok(Json(EntryList::page(&[entry], 1)))
}
