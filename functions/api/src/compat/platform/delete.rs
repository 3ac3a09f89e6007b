//! `DELETE /api/webhooks/manage/{id}`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;

use super::number::Number;
use crate::http::caller::Manager;
use crate::http::error::ApiError;
use crate::http::query::Query;
use crate::manage::delete::delete as delete_webhook;
use crate::room::Api;

pub(super) async fn delete(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    number: Number,
    query: Query,
) -> Result<StatusCode, ApiError> {
    query.finish()?;
    let webhook = number.find(&api, tenant).await?;
    delete_webhook(&api, tenant, webhook.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
