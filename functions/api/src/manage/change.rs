//! Changing a webhook: read it, change it, and write it if no other request wrote it in between. When the webhook is
//! enabled or disabled, or has a new URL, the operational event is written in the same transaction. When it takes
//! deliveries again, its breaker is reset in that transaction: the probe of an open breaker ends when it finds that the
//! webhook holds its deliveries, and nothing else would close the breaker if the request broke off.

use shared::id::{TenantId, WebhookId};
use shared::operational;
use shared::store::StoreError;
use shared::store::registry::{Companion, WebhooksVersion};
use shared::webhook::Webhook;

use super::consent::{ask, asking};
use super::error::ManageError;
use super::release::{release_ahead, takes_deliveries_again};
use super::resume::{breaker_reset, resume};
use crate::noun::Noun;
use crate::room::Api;
use crate::span;

/// Maximum number of tries of a change while other requests keep changing the same webhook. Reason: of several
/// requests at once, one is written each time, so the last of 16 needs 16 tries. More clients than that do not change
/// one webhook at once.
const TRIES: u8 = 16;

/// Applies `change` to the stored webhook and answers what was written. `change` may run more than once. If the change
/// takes away the URL for which the webhook was pending, deliveries resume.
pub(crate) async fn change(
    api: &Api,
    tenant: TenantId,
    id: WebhookId,
    change: impl Fn(Webhook) -> Result<Webhook, ManageError>,
) -> Result<Webhook, ManageError> {
    span::note(Noun::Webhook, id);
    let mut is_job_sent = false;
    for number in 0..TRIES {
        let stored = api.webhooks.get(tenant, id).await?.ok_or(ManageError::NotFound(Noun::Webhook))?;
        let changed = change(stored.clone())?;
        if !is_job_sent {
            is_job_sent = release_ahead(api, &stored, &changed).await?;
        }
        match write(api, &stored, changed, None).await {
            Err(StoreError::Conflict) => api.pauses.after_try(number).await,
            Err(error) => return Err(error.into()),
            Ok(written) => {
                if stored.is_pending() && !written.holds_deliveries() {
                    resume(api, &written).await?;
                }
                return Ok(written);
            }
        }
    }
    Err(ManageError::Conflict)
}

/// Like [`change`]; deliveries resume afterwards if the request means to resume them and the webhook takes deliveries
/// now.
pub(crate) async fn change_and_resume(
    api: &Api,
    tenant: TenantId,
    id: WebhookId,
    resumes: bool,
    changed: impl Fn(Webhook) -> Result<Webhook, ManageError>,
) -> Result<Webhook, ManageError> {
    let webhook = change(api, tenant, id, changed).await?;
    if resumes && !webhook.holds_deliveries() {
        resume(api, &webhook).await?;
    }
    Ok(webhook)
}

/// Writes a changed webhook and answers it as written, on condition that it is still as `stored` and, with a version,
/// that the tenant's other webhooks are unchanged too.
pub(super) async fn write(
    api: &Api,
    stored: &Webhook,
    changed: Webhook,
    version: Option<&WebhooksVersion>,
) -> Result<Webhook, StoreError> {
    let changed = Webhook { updated_at: api.now(), ..asking(api, Some(stored), changed) };
    let events = operational::changed(stored, &changed, changed.updated_at);
    let event_writes = events.iter().map(|event| api.events.event_write(event).map(Companion::Event));
    let mut companions = event_writes.collect::<Result<Vec<_>, _>>()?;
    if takes_deliveries_again(stored, &changed) {
        companions.extend(breaker_reset(api, &changed).await?);
    }
    match version {
        Some(version) => api.webhook_writer.replace_if_unchanged(&changed, version, companions).await?,
        None if changed.has_new_host(stored) => api.webhook_writer.replace(&changed, companions).await?,
        None => api.webhook_writer.replace_with_same_hosts(&changed, companions).await?,
    }
    api.public_keys.forget(changed.tenant);
    ask(api, Some(stored), &changed).await;
    Ok(changed)
}
