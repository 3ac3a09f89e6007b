//! Registering a webhook that no rule over the tenant's other webhooks is about.

use jiff::Timestamp;
use shared::clock::random;
use shared::dialect::Dialect;
use shared::id::{TenantId, WebhookId};
use shared::secret::SigningSecret;
use shared::webhook::{Destination, Subscription, Webhook};

use super::consent::{ask, asking};
use super::error::ManageError;
use super::limits::creation_error;
use super::tries::retry_on_conflict;
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
    let number = retry_on_conflict(api, || api.webhook_writer.take_number(webhook.tenant, api.now())).await?;
    let number = number.ok_or(ManageError::NotFound(Noun::Tenant))?;
    let webhook = asking(api, None, Webhook { number: Some(number), ..webhook });
    if let Err(error) = retry_on_conflict(api, || api.webhook_writer.create_independent(&webhook, api.now())).await {
        return Err(creation_error(api, webhook.tenant, Noun::Webhook, error).await);
    }
    api.public_keys.forget(webhook.tenant);
    ask(api, None, &webhook).await;
    Ok(webhook)
}
