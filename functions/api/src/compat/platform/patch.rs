//! `PATCH /api/webhooks/manage/{id}`: fields that the request leaves out stay as they are

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

pub(super) async fn patch(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    number: Number,
    mut body: Fields,
) -> Result<Json<PlatformWebhookView>, ApiError> {
    let stored = number.find(&api, tenant).await?;
    let change = ChangeWebhook::read(&mut body, &api, &stored);
    let change = body.finish(|| Some(change))?;

    let resumes = change.active == Some(true);
    let apply = |stored| Ok(change.applied_to(stored)?);
    let webhook = change_and_resume(&api, tenant, stored.id, resumes, apply).await?;
    Ok(Json(PlatformWebhookView::from(&webhook)))
}
