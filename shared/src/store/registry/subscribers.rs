//! The subscriptions of webhooks, read without their secrets.

use super::item::WebhookItem;
use super::{Page, Readable, Registry, StoreError, item, keys};
use domain::id::{TenantId, WebhookId};
use domain::webhook::Subscriber;

/// Number of webhooks read at a time.
const ALL_PAGE: u8 = 250;

/// The subscriptions of all webhooks of a tenant. `dispatch` and `api` hold this group. It opens no secret.
#[derive(Debug, Clone)]
pub struct Subscribers {
    registry: Registry,
}

impl Subscribers {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// The subscriptions of all webhooks of a tenant, at most [`domain::webhook::MAX_PER_TENANT`].
    pub async fn all(&self, tenant: TenantId) -> Result<Vec<Readable<Subscriber, WebhookId>>, StoreError> {
        let mut subscribers = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.registry.subscribers(tenant, after.as_deref(), ALL_PAGE).await?;
            subscribers.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(subscribers);
            }
        }
    }
}

/// The subscriptions of the webhooks of a tenant, a page at a time. `deliver` holds this group. It opens no secret.
#[derive(Debug, Clone)]
pub struct SubscriberPages {
    registry: Registry,
}

impl SubscriberPages {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// The subscriptions of at most `limit` webhooks of a tenant, oldest first, after a place that a page named.
    pub async fn page(
        &self,
        tenant: TenantId,
        after: Option<&str>,
        limit: u8,
    ) -> Result<Page<Readable<Subscriber, WebhookId>>, StoreError> {
        self.registry.subscribers(tenant, after, limit).await
    }
}

impl Registry {
    async fn subscribers(
        &self,
        tenant: TenantId,
        after: Option<&str>,
        limit: u8,
    ) -> Result<Page<Readable<Subscriber, WebhookId>>, StoreError> {
        let read = |row| Subscriber::try_from(&item::stored::<WebhookItem>(row)?);
        let page = self.list(keys::tenant_partition(tenant), keys::WEBHOOK, after, limit, read).await?;
        let items = page.items.into_iter().filter_map(with_id).collect();
        Ok(Page { items, next: page.next })
    }
}

/// The entry with the id as an id. An entry whose key has none is left out: no job can name such a webhook.
fn with_id(entry: Readable<Subscriber>) -> Option<Readable<Subscriber, WebhookId>> {
    match entry {
        Readable::Read(subscriber) => Some(Readable::Read(subscriber)),
        Readable::Unreadable(id) => id.parse().ok().map(Readable::Unreadable),
    }
}
