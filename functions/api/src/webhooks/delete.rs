//! `DELETE /api/v1/webhooks/{webhook_id}`: deliveries that are still owed to it end as `discarded`

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use shared::id::WebhookId;
use shared::store::StoreError;

use super::recover::recover;
use crate::Api;
use crate::caller::Manager;
use crate::path::Id;
use crate::refusal::{Refusal, not_found};

pub(super) async fn delete(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<WebhookId>,
) -> Result<StatusCode, Refusal> {
    match api.registry.delete_webhook(tenant, id).await {
        Ok(()) => {
            recover(&api, tenant, id).await?;
            Ok(StatusCode::NO_CONTENT)
        }
        Err(StoreError::Conflict) => Err(not_found("webhook").into()),
        Err(error) => Err(error.into()),
    }
}
