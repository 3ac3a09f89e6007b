//! Deleting a webhook.

use shared::id::{TenantId, WebhookId};
use shared::store::StoreError;

use super::error::ManageError;
use super::release::discard_held;
use super::tries::retry_on_conflict;
use crate::noun::Noun;
use crate::room::Api;
use crate::span;

/// Deletes a webhook. Deliveries that are still owed to it end as `discarded`.
///
/// If the webhook is gone already, the row of its breaker is deleted: `deliver` may have written it after the deletion,
/// because of an attempt that was under way.
pub(crate) async fn delete(api: &Api, tenant: TenantId, id: WebhookId) -> Result<(), ManageError> {
    span::note(Noun::Webhook, id);
    if !api.webhook_writer.exists(tenant, id).await? {
        api.breakers.forget(tenant, id).await?;
        return Err(ManageError::NotFound(Noun::Webhook));
    }
    // The job is sent before the deletion: if it were sent afterwards and that failed, a repeated request would find no
    // webhook and could not send it. The job waits longer than a request lasts. If it meets the webhook nevertheless,
    // because the deletion failed, it does no harm.
    discard_held(api, tenant, id).await?;
    match retry_on_conflict(api, || api.webhook_writer.delete(tenant, id, api.now())).await {
        Ok(()) => {
            api.public_keys.forget(tenant);
            Ok(())
        }
        Err(StoreError::Gone) => Err(ManageError::NotFound(Noun::Webhook)),
        Err(error) => Err(error.into()),
    }
}
