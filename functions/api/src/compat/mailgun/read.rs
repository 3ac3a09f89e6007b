//! `GET /v3/domains/{domain}/webhooks/{name}`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::event_group::{Topic, webhook_not_found};
use super::view::Urls;
use crate::http::caller::Reader;
use crate::http::error::Refusal;
use crate::http::query::Query;
use crate::room::Api;

#[derive(Debug, Serialize)]
pub(super) struct Read {
    webhook: Urls,
}

pub(super) async fn read(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    topic: Topic,
    query: Query,
) -> Result<Json<Read>, Refusal> {
    query.finish(())?;
    let webhook = Urls::of(&api.registry.all_webhooks(tenant).await?, &topic);
    if webhook.is_empty() { Err(webhook_not_found().into()) } else { Ok(Json(Read { webhook })) }
}
