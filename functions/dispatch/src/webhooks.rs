//! A cache of tenants' webhooks that is never stale. One strongly consistent call reads the versions of all tenants of
//! a batch, and a tenant's webhooks are read again only if the tenant's version has changed. So a webhook gets every
//! event that was accepted after the webhook's creation was answered.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt as _, stream};
use shared::id::TenantId;
use shared::store::StoreError;
use shared::store::registry::{Subscribers, WebhooksVersions};
use shared::webhook::Subscriber;
use tracing::Instrument as _;

use crate::span;

/// Maximum tenants in the cache. Reason: a function that meets more tenants empties the cache, so that its memory is
/// limited.
const MAX_TENANTS: usize = 1_000;
/// Maximum tenants whose webhooks are read at the same time. Reason: a batch of many tenants is read within seconds.
const MAX_CONCURRENT_READS: usize = 8;

/// A tenant's webhooks, shared between batches.
pub(crate) type TenantWebhooks = Arc<Vec<Subscriber>>;

/// Webhooks by tenant, each with a version of the tenant: the webhooks are as new as that version, or newer.
#[derive(Debug)]
pub(crate) struct SubscriberCache {
    versions: WebhooksVersions,
    subscribers: Subscribers,
    tenants: Mutex<HashMap<TenantId, (u64, TenantWebhooks)>>,
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
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if tenants.len() >= MAX_TENANTS {
            tenants.clear();
        }
        tenants.insert(tenant, (version, Arc::clone(&webhooks)));
        Ok(webhooks)
    }

    fn at_version(&self, tenant: TenantId, version: u64) -> Option<TenantWebhooks> {
        let tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, webhooks) = tenants.get(&tenant)?;
        (*read_at == version).then(|| Arc::clone(webhooks))
    }
}
