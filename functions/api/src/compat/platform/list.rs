//! `GET /api/webhooks/manage`: all webhooks of the tenant, at most 500, oldest first

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::shown::Shown;
use crate::Api;
use crate::http::caller::Reader;
use crate::http::query::Query;
use crate::http::refusal::Refusal;
use crate::manage::register::numbered;

#[derive(Debug, Serialize)]
pub(super) struct Listed {
    webhooks: Vec<Shown>,
}

pub(super) async fn list(
    Reader(tenant): Reader,
    State(api): State<Arc<Api>>,
    query: Query,
) -> Result<Json<Listed>, Refusal> {
    query.finish(())?;
    let webhooks = numbered(&api, tenant).await?;
    Ok(Json(Listed { webhooks: webhooks.iter().map(Shown::from).collect() }))
}
