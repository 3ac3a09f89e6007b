//! `DELETE /api/webhooks/manage/{id}`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::number::Number;
use crate::Api;
use crate::http::caller::Manager;
use crate::http::query::Query;
use crate::http::refusal::Refusal;
use crate::native::webhooks::delete::remove;

pub(super) async fn delete(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    number: Number,
    query: Query,
) -> Result<StatusCode, Refusal> {
    query.finish(())?;
    let webhook = number.find(&api, tenant).await?;
    remove(&api, tenant, webhook.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
