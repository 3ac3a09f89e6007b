//! `PATCH /api/webhooks/manage/{id}`: what is absent stays as it is

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

pub(super) async fn patch(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    number: Number,
    mut body: Fields,
) -> Result<Json<Shown>, Refusal> {
    let stored = number.find(&api, tenant).await?;
    let given = Given::read(&mut body, &api, &stored);
    let given = body.finish(Some(given))?;

    let lets_go = given.active == Some(true);
    let webhook = change_and_let_go(&api, tenant, stored.id, lets_go, |stored| given.applied(stored)).await?;
    Ok(Json(Shown::from(&webhook)))
}
