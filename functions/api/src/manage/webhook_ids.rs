//! The ids of a tenant's webhooks.

use shared::id::{TenantId, WebhookId};
use shared::store::{Readable, StoreError};
use shared::webhook::Subscriber;

use crate::room::Api;

/// The ids of all webhooks of a tenant, also of those that this release cannot read.
pub(crate) async fn webhook_ids(api: &Api, tenant: TenantId) -> Result<Vec<WebhookId>, StoreError> {
    let id = |entry: Readable<Subscriber, WebhookId>| match entry {
        Readable::Read(subscriber) => subscriber.id,
        Readable::Unreadable(id) => id,
    };
    Ok(api.subscribers.all(tenant).await?.into_iter().map(id).collect())
}
