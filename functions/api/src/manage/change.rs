//! Changing a webhook: read, change, write if nobody else wrote meanwhile; with the event of its being enabled or disabled.

use shared::event::operational::status_changed;
use shared::id::{TenantId, WebhookId};
use shared::problem::Problem;
use shared::store::StoreError;
use shared::store::registry::Census;
use shared::webhook::Webhook;

use super::resume::let_go;
use crate::http::error::{Refusal, not_found};
use crate::room::Api;

/// How often a change is tried when somebody else keeps changing the same webhook.
const TRIES: u8 = 2;

/// Applies `change` to the stored webhook and answers what was written. `change` may run more than once.
pub(crate) async fn change(
    api: &Api,
    tenant: TenantId,
    id: WebhookId,
    change: impl Fn(Webhook) -> Result<Webhook, Problem>,
) -> Result<Webhook, Refusal> {
    let mut conflict = StoreError::Conflict;
    for _ in 0..TRIES {
        let stored = api.registry.get_webhook(tenant, id).await?.ok_or_else(|| not_found("webhook"))?;
        match written(api, &stored, change(stored.clone())?, None).await {
            Ok(changed) => return Ok(changed),
            Err(error @ StoreError::Conflict) => conflict = error,
            Err(error) => return Err(error.into()),
        }
    }
    Err(conflict.into())
}

/// Writes a changed webhook and answers it as written, if it is still as it was `stored`, and with a census, if the tenant's
/// others are still as they were counted.
pub(crate) async fn written(
    api: &Api,
    stored: &Webhook,
    changed: Webhook,
    census: Option<&Census>,
) -> Result<Webhook, StoreError> {
    let changed = Webhook { updated_at: api.now(), ..changed };
    let event = status_changed(stored, &changed, changed.updated_at);
    let telling = event.map(|event| api.events.telling(&event)).transpose()?;
    match census {
        Some(census) => api.registry.replace_webhook_beside(&changed, census, telling).await?,
        None => api.registry.replace_and_tell(&changed, telling).await?,
    }
    api.public_keys.forget(changed.tenant);
    Ok(changed)
}

/// The same as [`change`], and what is held goes out if the change means to let the webhook go and it takes deliveries now.
pub(crate) async fn change_and_let_go(
    api: &Api,
    tenant: TenantId,
    id: WebhookId,
    lets_go: bool,
    changed: impl Fn(Webhook) -> Result<Webhook, Problem>,
) -> Result<Webhook, Refusal> {
    let webhook = change(api, tenant, id, changed).await?;
    if lets_go && !webhook.holds_deliveries() {
        let_go(api, &webhook).await?;
    }
    Ok(webhook)
}
