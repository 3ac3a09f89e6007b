//! `GET /v3/domains/{domain}/webhooks/{name}`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::event_group::{EventGroup, webhook_not_found};
use super::view::Urls;
use crate::http::caller::Reader;
use crate::http::error::ApiError;
use crate::http::query::Query;
use crate::manage::number::readable;
use crate::room::Api;

#[derive(Debug, Serialize)]
pub(super) struct WebhookView {
    webhook: Urls,
}

pub(super) async fn read(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    group: EventGroup,
    query: Query,
) -> Result<Json<WebhookView>, ApiError> {
    query.finish()?;
    let webhook = Urls::of(&readable(&api, tenant).await?, &group);
    if webhook.is_empty() { Err(webhook_not_found().into()) } else { Ok(Json(WebhookView { webhook })) }
}
