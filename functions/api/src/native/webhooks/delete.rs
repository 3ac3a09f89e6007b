//! `DELETE /api/v1/webhooks/{webhook_id}`: deliveries that are still owed to it end as `discarded`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use shared::id::WebhookId;

use crate::http::caller::Manager;
use crate::http::error::Refusal;
use crate::http::path::Id;
use crate::manage::delete::remove;
use crate::room::Api;

pub(super) async fn delete(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<WebhookId>,
) -> Result<StatusCode, Refusal> {
    remove(&api, tenant, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
