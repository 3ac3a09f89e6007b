//! `PUT /v3/REST/eventcallbackurl/{id}`: fields that the request leaves out stay as they are

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::entry::EntryKey;
use super::request::{EntryFields, in_any_case};
use super::rules::{place_after, update_entry};
use super::view::EntryList;
use crate::http::body::Fields;
use crate::http::caller::Manager;
use crate::http::error::ApiError;
use crate::http::path::Id;
use crate::manage::error::ManageError;
use crate::manage::transaction::transact;
use crate::noun::Noun;
use crate::room::Api;

pub(super) async fn update(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(key): Id<EntryKey>,
    body: Fields,
) -> Result<Json<EntryList>, ApiError> {
    let mut body = in_any_case(body);
    let given = EntryFields::read(&mut body, &api.addresses);
    let given = body.finish(|| Some(given))?;
    let decide = |all: &[_]| update_entry(all, key, &given).map_err(ApiError::from);
    let webhook =
        Box::pin(transact(&api, tenant, decide)).await?.ok_or(ManageError::NotFound(Noun::EventCallbackUrl))?;
    Ok(Json(EntryList::one(&webhook, place_after(key, &given))?))
}
