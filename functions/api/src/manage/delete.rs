//! Deleting a webhook.

use shared::id::{TenantId, WebhookId};
use shared::store::StoreError;

use super::release::recover_deleted;
use crate::http::error::{Refusal, not_found};
use crate::room::Api;

/// Deletes a webhook, whichever API asks for it; 404 when it is not there.
pub(crate) async fn remove(api: &Api, tenant: TenantId, id: WebhookId) -> Result<(), Refusal> {
    if api.registry.get_webhook(tenant, id).await?.is_none() {
        return Err(not_found("webhook").into());
    }
    // Before the deletion, which could not be repeated if this failed. The job waits for longer than a request lasts;
    // should it meet the webhook all the same, because the deletion failed, it does no harm.
    recover_deleted(api, tenant, id).await?;
    match api.registry.delete_webhook(tenant, id).await {
        Ok(()) => {
            api.public_keys.forget(tenant);
            Ok(api.registry.forget_breaker(tenant, id).await?)
        }
        Err(StoreError::Conflict) => Err(not_found("webhook").into()),
        Err(error) => Err(error.into()),
    }
}
