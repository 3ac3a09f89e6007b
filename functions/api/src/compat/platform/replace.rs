//! `PUT /api/webhooks/manage/{id}`: the webhook becomes active unless the request says otherwise

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::number::Number;
use super::request::ChangeWebhook;
use super::view::PlatformWebhookView;
use crate::http::body::Fields;
use crate::http::caller::Manager;
use crate::http::error::ApiError;
use crate::manage::change::change_and_resume;
use crate::room::Api;

pub(super) async fn replace(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    number: Number,
    mut body: Fields,
) -> Result<Json<PlatformWebhookView>, ApiError> {
    let stored = number.find(&api, tenant).await?;
    body.require("url");
    body.require("events");
    let change = ChangeWebhook::read(&mut body, &api, &stored);
    let mut change = body.finish(|| Some(change))?;

    let active = *change.active.get_or_insert(true);
    let apply = |stored| Ok(change.applied_to(stored)?);
    let webhook = change_and_resume(&api, tenant, stored.id, active, apply).await?;
    Ok(Json(PlatformWebhookView::from(&webhook)))
}
