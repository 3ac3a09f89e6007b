//! A cache of tenants' webhooks that is never stale. One strongly consistent call reads the versions of all tenants of
//! a batch, and a tenant's webhooks are read again only if the tenant's version has changed. So a webhook gets every
//! event that was accepted after the webhook's creation was answered.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt as _, stream};
use shared::id::{TenantId, WebhookId};
use shared::store::registry::{Subscribers, WebhooksVersions};
use shared::store::{Readable, StoreError};
use shared::webhook::Subscriber;
use tracing::Instrument as _;

use crate::span;

/// Maximum bytes of the cached webhooks (16 MiB). Reason: a function that meets more empties the cache, so that its
/// memory is limited. The webhooks of a tenant have 7 MB at most, and those of an ordinary tenant less than a kilobyte.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// Bytes of a tenant's entry in addition to its webhooks.
const ENTRY_BYTES: usize = 128;
/// Maximum tenants whose webhooks are read at the same time. Reason: a batch of many tenants is read within seconds.
const MAX_CONCURRENT_READS: usize = 8;

/// A tenant's webhooks, shared between batches. Of a webhook that this release cannot read, only the id is known.
pub(crate) type TenantWebhooks = Arc<Vec<Readable<Subscriber, WebhookId>>>;

/// Webhooks by tenant, each with a version of the tenant: the webhooks are as new as that version, or newer.
#[derive(Debug)]
pub(crate) struct SubscriberCache {
    versions: WebhooksVersions,
    subscribers: Subscribers,
    tenants: Mutex<Known>,
}

/// What is in the cache.
#[derive(Debug, Default)]
struct Known {
    tenants: HashMap<TenantId, (u64, TenantWebhooks)>,
    bytes: usize,
}

impl Known {
    /// Adds a tenant. If all together have too many bytes, the others are forgotten.
    fn put(&mut self, tenant: TenantId, version: u64, webhooks: TenantWebhooks) {
        if let Some((_, former)) = self.tenants.remove(&tenant) {
            self.bytes -= bytes_of(&former);
        }
        let bytes = bytes_of(&webhooks);
        if self.bytes.saturating_add(bytes) > MAX_BYTES {
            *self = Self::default();
        }
        if bytes <= MAX_BYTES {
            self.bytes += bytes;
            self.tenants.insert(tenant, (version, webhooks));
        }
    }
}

fn bytes_of(webhooks: &TenantWebhooks) -> usize {
    let bytes = |entry: &Readable<Subscriber, WebhookId>| match entry {
        Readable::Read(subscriber) => subscriber.footprint(),
        Readable::Unreadable(_) => size_of::<Readable<Subscriber, WebhookId>>(),
    };
    ENTRY_BYTES + webhooks.iter().map(bytes).sum::<usize>()
}

impl SubscriberCache {
    /// An empty cache, which reads what it needs from `versions` and `subscribers`.
    pub(crate) fn new(versions: WebhooksVersions, subscribers: Subscribers) -> Self {
        Self { versions, subscribers, tenants: Mutex::default() }
    }

    /// The webhooks of each of these tenants as of this batch. A tenant that does not exist has no webhooks. `None`
    /// stands for a tenant whose webhooks could not be read. An error is an error for all tenants.
    pub(crate) async fn of_tenants(
        &self,
        tenants: BTreeSet<TenantId>,
    ) -> Result<HashMap<TenantId, Option<TenantWebhooks>>, StoreError> {
        let versions = self.versions.of_tenants(&tenants.into_iter().collect::<Vec<_>>()).await?;
        let read = versions.into_iter().map(|(tenant, version)| {
            let read = async move {
                let webhooks = match version {
                    Ok(Some(version)) => self.of_tenant(tenant, version).await,
                    Ok(None) => Ok(TenantWebhooks::default()),
                    Err(error) => Err(error),
                };
                let logged = webhooks.inspect_err(|error| {
                    let error: &dyn std::error::Error = error;
                    tracing::error!(error, "the tenant's webhooks cannot be read; deliver dispatches its events");
                });
                (tenant, logged.ok())
            };
            read.instrument(span::of_tenant(tenant))
        });
        Ok(stream::iter(read).buffer_unordered(MAX_CONCURRENT_READS).collect().await)
    }

    async fn of_tenant(&self, tenant: TenantId, version: u64) -> Result<TenantWebhooks, StoreError> {
        if let Some(webhooks) = self.at_version(tenant, version) {
            return Ok(webhooks);
        }
        // The webhooks are read after the version. Reason: a change between the two reads makes the list newer than its
        // version, never older.
        let webhooks = Arc::new(self.subscribers.all(tenant).await?);
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner).put(tenant, version, Arc::clone(&webhooks));
        Ok(webhooks)
    }

    fn at_version(&self, tenant: TenantId, version: u64) -> Option<TenantWebhooks> {
        let known = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, webhooks) = known.tenants.get(&tenant)?;
        (*read_at == version).then(|| Arc::clone(webhooks))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shared::webhook::{Subscription, WantedTypes};

    use super::*;

    /// Webhooks of a tenant that have about this many bytes.
    fn webhooks(bytes: usize) -> TenantWebhooks {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let domains = BTreeSet::from(["x".repeat(bytes)]);
        let subscription = Subscription { types: WantedTypes::All, sources: BTreeSet::default(), domains };
        let id = WebhookId::mint(now, [1; 10]);
        let dialect = Some(shared::dialect::Dialect::Standard);
        Arc::new(vec![Readable::Read(Subscriber { id, subscription, dialect })])
    }

    fn tenant(number: u8) -> TenantId {
        TenantId::mint(jiff::Timestamp::UNIX_EPOCH, [number; 10])
    }

    #[test]
    fn all_cached_webhooks_together_have_at_most_the_stated_bytes() {
        let (quarter, mut known) = (MAX_BYTES / 4 - 1_024, Known::default());
        for number in 0..4 {
            known.put(tenant(number), 1, webhooks(quarter));
        }
        // The webhooks of a new version take the place of the former ones.
        known.put(tenant(3), 2, webhooks(quarter));
        assert_eq!(known.tenants.len(), 4);
        assert!(known.bytes <= MAX_BYTES);
        known.put(tenant(4), 1, webhooks(8_192));
        assert_eq!((known.tenants.len(), known.bytes), (1, bytes_of(&webhooks(8_192))));
        known.put(tenant(5), 1, webhooks(MAX_BYTES));
        assert_eq!((known.tenants.len(), known.bytes), (0, 0), "too large by itself");
    }
}
