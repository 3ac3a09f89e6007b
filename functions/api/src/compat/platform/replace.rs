//! `PUT /api/webhooks/manage/{id}`: `active` unless the request says otherwise

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::number::Number;
use super::request::Given;
use super::view::Shown;
use crate::http::body::Fields;
use crate::http::caller::Manager;
use crate::http::error::Refusal;
use crate::manage::change::change_and_let_go;
use crate::room::Api;

pub(super) async fn replace(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    number: Number,
    mut body: Fields,
) -> Result<Json<Shown>, Refusal> {
    let stored = number.find(&api, tenant).await?;
    body.demand("url");
    body.demand("events");
    let given = Given::read(&mut body, &api, &stored);
    let mut given = body.finish(Some(given))?;

    let active = *given.active.get_or_insert(true);
    let webhook = change_and_let_go(&api, tenant, stored.id, active, |stored| given.applied(stored)).await?;
    Ok(Json(Shown::from(&webhook)))
}
