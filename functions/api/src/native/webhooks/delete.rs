//! `DELETE /api/v1/webhooks/{webhook_id}`: deliveries that are still owed to the webhook end as `discarded`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use shared::id::WebhookId;

use crate::http::caller::Manager;
use crate::http::error::ApiError;
use crate::http::path::Id;
use crate::manage::delete;
use crate::room::Api;

pub(super) async fn delete(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<WebhookId>,
) -> Result<StatusCode, ApiError> {
    delete::delete(&api, tenant, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
