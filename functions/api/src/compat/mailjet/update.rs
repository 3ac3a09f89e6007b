//! `PUT /v3/REST/eventcallbackurl/{id}`: what is absent stays as it is

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::entry::Key;
use super::request::Given;
use super::rules::{changed, place_after};
use super::view::Answer;
use crate::http::body::Fields;
use crate::http::caller::Manager;
use crate::http::error::{Refusal, not_found};
use crate::http::path::{Id, Named as _};
use crate::manage::transaction::decided;
use crate::room::Api;

pub(super) async fn update(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(key): Id<Key>,
    body: Fields,
) -> Result<Json<Answer>, Refusal> {
    let given = Given::read(body, &[], &api.addresses)?;
    let webhook = decided(&api, tenant, |all| changed(all, key, &given)).await?;
    let webhook = webhook.ok_or_else(|| not_found(Key::NOUN))?;
    Ok(Json(Answer::one(&webhook, place_after(key, &given))?))
}
