//! `POST /v3/REST/eventcallbackurl`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shared::dialect::Dialect;
use shared::webhook::{Subscription, WantedTypes};

use super::entry::{Key, Place};
use super::request::Given;
use super::rules::placed;
use super::urls::Slot;
use super::view::Answer;
use crate::http::body::Fields;
use crate::http::caller::Manager;
use crate::http::error::{Refusal, not_found};
use crate::http::path::Named as _;
use crate::manage::register::draft;
use crate::manage::signing::tenants_secret;
use crate::manage::transaction::decided;
use crate::room::Api;

pub(super) async fn create(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    body: Fields,
) -> Result<(StatusCode, Json<Answer>), Refusal> {
    let given = Given::read(body, &["EventType", "Url"], &api.addresses)?;
    let (Some(event), Some(url)) = (given.event, &given.url) else { return Err(not_found(Key::NOUN).into()) };
    let (place, url) = (Place { event, slot: given.slot.unwrap_or(Slot::Main) }, url.whole()?);
    let types = WantedTypes::Only(event.types().into_iter().collect());
    let subscription = Subscription { types, sources: [].into(), domains: [].into() };
    let secret = tenants_secret(&api, tenant).await?;
    let draft = draft(api.now(), tenant, url.clone(), subscription, Dialect::Mailjet, secret);
    let webhook = decided(&api, tenant, |all| placed(all, &draft, place, &url, &given)).await?;
    let webhook = webhook.ok_or_else(|| not_found(Key::NOUN))?;
    Ok((StatusCode::CREATED, Json(Answer::one(&webhook, place)?)))
}
