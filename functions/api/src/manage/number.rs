//! The numbers of webhooks, and the version that a rule over all webhooks of a tenant depends on.

use shared::id::TenantId;
use shared::store::registry::WebhooksVersion;
use shared::store::{Readable, StoreError};
use shared::webhook::Webhook;

use super::error::ManageError;
use super::tries::{TRIES, after_lost_try};
use crate::noun::Noun;
use crate::room::Api;

/// The version of the tenant's webhooks. A write on condition of it fails when any of them was changed since.
pub(crate) async fn webhooks_version(api: &Api, tenant: TenantId) -> Result<WebhooksVersion, ManageError> {
    api.webhook_writer.version(tenant).await?.ok_or(ManageError::NotFound(Noun::Tenant))
}

/// All webhooks of a tenant that this release can read, at most 500, oldest first. Rules over all webhooks leave the
/// others out, because nothing is known of them.
pub(crate) async fn readable(api: &Api, tenant: TenantId) -> Result<Vec<Webhook>, StoreError> {
    Ok(api.webhooks.all(tenant).await?.into_iter().filter_map(Readable::read).collect())
}

/// Like [`readable`], and each webhook has its number. Webhooks from before numbers existed get theirs now.
pub(crate) async fn numbered(api: &Api, tenant: TenantId) -> Result<Vec<Webhook>, ManageError> {
    for number in 0..TRIES {
        let webhooks = readable(api, tenant).await?;
        if let Some(numbered) = number_rest(api, tenant, webhooks).await? {
            return Ok(numbered);
        }
        after_lost_try(api, tenant, number).await?;
    }
    Err(ManageError::Conflict)
}

/// Gives a number to each webhook that has none; `None` when another request changed a webhook of the tenant.
async fn number_rest(
    api: &Api,
    tenant: TenantId,
    mut webhooks: Vec<Webhook>,
) -> Result<Option<Vec<Webhook>>, ManageError> {
    for webhook in webhooks.iter_mut().filter(|webhook| webhook.number.is_none()) {
        let version = webhooks_version(api, tenant).await?;
        *webhook = match api.webhook_writer.give_number(webhook, &version).await {
            Ok(numbered) => numbered,
            Err(StoreError::Conflict) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
    }
    Ok(Some(webhooks))
}
