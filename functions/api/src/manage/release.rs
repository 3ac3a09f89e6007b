//! The job that releases a webhook's held deliveries.

use shared::id::{TenantId, WebhookId};
use shared::queue::Outgoing;
use shared::queue::job::{Job, ReleaseHeld};
use shared::store::deliveries::INDEX_LAG_SECONDS;
use shared::unknown_fields::UnknownFields;
use shared::webhook::Webhook;

use super::error::ManageError;
use crate::room::Api;

/// How long a job waits that is sent ahead of a write. Reason: no request lasts as long (the template limits requests
/// to 15 s). If the job ran before the webhook is deleted or enabled, the job would do nothing. Nothing else discards
/// held deliveries of a deleted webhook; the sweep only visits existing ones.
const AHEAD_SECONDS: u16 = 60;

/// Sends the job that releases what the webhook holds. Call it after the webhook was written as enabled or not paused:
/// `deliver` reads the new state before it holds a delivery after that write. If sending fails, the client gets an
/// error and repeats the request, which sends the job again; two such jobs do what one does.
pub(crate) async fn release(api: &Api, tenant: TenantId, webhook: WebhookId) -> Result<(), ManageError> {
    send(api, tenant, [webhook], INDEX_LAG_SECONDS).await
}

/// Sends the jobs that release what these webhooks hold, like [`release`].
pub(crate) async fn release_all(
    api: &Api,
    tenant: TenantId,
    webhooks: impl IntoIterator<Item = WebhookId>,
) -> Result<(), ManageError> {
    send(api, tenant, webhooks, INDEX_LAG_SECONDS).await
}

/// Sends the job that discards what the webhook holds, for a webhook that is about to be deleted.
pub(crate) async fn discard_held(api: &Api, tenant: TenantId, webhook: WebhookId) -> Result<(), ManageError> {
    send(api, tenant, [webhook], AHEAD_SECONDS).await
}

/// Sends the job that releases what the webhook holds, for a webhook that is about to take deliveries again. It is sent
/// before the write, because the request may break off between the write and [`release`], and a client that then reads
/// an enabled webhook does not repeat its request. If the write does not happen, the job does nothing.
/// Returns whether the job was needed.
pub(super) async fn release_ahead(api: &Api, stored: &Webhook, changed: &Webhook) -> Result<bool, ManageError> {
    let is_needed = takes_deliveries_again(stored, changed);
    if is_needed {
        release_later(api, stored).await?;
    }
    Ok(is_needed)
}

/// Whether a change from `stored` to `changed` makes a webhook take deliveries that held them.
pub(super) fn takes_deliveries_again(stored: &Webhook, changed: &Webhook) -> bool {
    stored.holds_deliveries() && !changed.holds_deliveries()
}

/// Sends the job that releases what the webhook holds, for a breaker that is about to be closed. A request that breaks
/// off between that and [`release`] has ended the probe, which would have released the deliveries.
pub(super) async fn release_later(api: &Api, webhook: &Webhook) -> Result<(), ManageError> {
    send(api, webhook.tenant, [webhook.id], AHEAD_SECONDS).await
}

async fn send(
    api: &Api,
    tenant: TenantId,
    webhooks: impl IntoIterator<Item = WebhookId>,
    delay_seconds: u16,
) -> Result<(), ManageError> {
    let outgoing: Vec<_> = webhooks
        .into_iter()
        .map(|webhook| {
            let job = Job::ReleaseHeld(ReleaseHeld { tenant, webhook, after: None, unknown: UnknownFields::default() });
            Outgoing { delay_seconds, ..Outgoing::now(&job) }
        })
        .collect();
    for result in api.jobs.send(&outgoing).await {
        result?;
    }
    Ok(())
}
