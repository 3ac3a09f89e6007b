//! `GET /api/webhooks/manage`: all webhooks of the tenant, at most 500, oldest first

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::view::PlatformWebhookView;
use crate::http::caller::Reader;
use crate::http::error::ApiError;
use crate::http::query::Query;
use crate::manage::number::numbered;
use crate::room::Api;

#[derive(Debug, Serialize)]
pub(super) struct PlatformWebhookList {
    webhooks: Vec<PlatformWebhookView>,
}

pub(super) async fn list(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    query: Query,
) -> Result<Json<PlatformWebhookList>, ApiError> {
    query.finish()?;
    let webhooks = numbered(&api, tenant).await?;
    Ok(Json(PlatformWebhookList { webhooks: webhooks.iter().map(PlatformWebhookView::from).collect() }))
}
