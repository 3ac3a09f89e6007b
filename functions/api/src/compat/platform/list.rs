//! `GET /api/webhooks/manage`: all webhooks of the tenant, at most 500, oldest first

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde::Serialize;

use super::view::Shown;
use crate::http::caller::Reader;
use crate::http::error::Refusal;
use crate::http::query::Query;
use crate::manage::register::numbered;
use crate::room::Api;

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
