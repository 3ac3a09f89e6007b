//! Registering a webhook that no rule over the tenant's other webhooks is about.

use jiff::Timestamp;
use shared::clock::random;
use shared::dialect::Dialect;
use shared::id::{TenantId, WebhookId};
use shared::secret::SigningSecret;
use shared::store::StoreError;
use shared::webhook::{Destination, Subscription, Webhook};

use super::consent::{ask, asking};
use super::error::ManageError;
use super::limits::creation_error;
use super::number::TRIES;
use crate::noun::Noun;
use crate::room::Api;
use crate::span;

/// A webhook with the defaults of its dialect, not stored yet.
pub(crate) fn draft(
    now: Timestamp,
    tenant: TenantId,
    url: impl Into<Destination>,
    subscription: Subscription,
    dialect: Dialect,
    secret: SigningSecret,
) -> Webhook {
    Webhook::new(WebhookId::mint(now, random()), tenant, url.into(), subscription, dialect, secret, now)
}

/// Stores a new webhook and answers it with its number.
pub(crate) async fn register(api: &Api, webhook: Webhook) -> Result<Webhook, ManageError> {
    span::note(Noun::Webhook, webhook.id);
    let number = api.webhook_writer.take_number(webhook.tenant).await?;
    let number = number.ok_or(ManageError::NotFound(Noun::Tenant))?;
    let webhook = asking(api, None, Webhook { number: Some(number), ..webhook });
    if let Err(error) = retry_on_conflict(api, || api.webhook_writer.create_independent(&webhook)).await {
        return Err(creation_error(api, webhook.tenant, Noun::Webhook, error).await);
    }
    api.public_keys.forget(webhook.tenant);
    ask(api, None, &webhook).await;
    Ok(webhook)
}

/// Repeats `write` while other changes of the tenant's webhooks come first.
async fn retry_on_conflict<T, F>(api: &Api, write: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    for number in 1..TRIES {
        match write().await {
            Err(StoreError::Conflict) => api.pauses.after_try(number - 1).await,
            other => return other,
        }
    }
    write().await
}
