//! The webhooks of the tenants met lately, never stale: the versions of a batch's tenants are read once, strongly
//! consistent and in one call, and a tenant's webhooks only when its version has changed. So a webhook gets every event
//! that was accepted after its creation was answered.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use futures::{StreamExt as _, stream};
use shared::id::TenantId;
use shared::store::{Registry, StoreError};
use shared::webhook::Subscriber;

/// Maximum tenants kept; a function that meets more starts over rather than grow.
const MAX_TENANTS: usize = 1_000;
/// Tenants whose webhooks are read side by side.
const MAX_CONCURRENT_READS: usize = 8;

/// A tenant's webhooks, shared between batches.
pub(crate) type Webhooks = Arc<Vec<Subscriber>>;

/// Webhooks by tenant, with the version that they were read at or before.
#[derive(Debug, Default)]
pub(crate) struct SubscriberCache {
    tenants: Mutex<HashMap<TenantId, (u64, Webhooks)>>,
}

impl SubscriberCache {
    /// The webhooks of each of these tenants as of this batch; none for a tenant that does not exist, and `None` for one
    /// whose webhooks could not be read. An error is one of all tenants alike.
    pub(crate) async fn of_tenants(
        &self,
        registry: &Registry,
        tenants: BTreeSet<TenantId>,
    ) -> Result<HashMap<TenantId, Option<Webhooks>>, StoreError> {
        let versions = registry.webhooks_versions(&tenants.into_iter().collect::<Vec<_>>()).await?;
        let read = versions.into_iter().map(|(tenant, version)| async move {
            let webhooks = match version {
                Ok(Some(version)) => self.of_tenant(registry, tenant, version).await,
                Ok(None) => Ok(Webhooks::default()),
                Err(error) => Err(error),
            };
            let logged = webhooks.inspect_err(|error| {
                let error: &dyn std::error::Error = error;
                tracing::error!(tenant.id = %tenant, error, "could not read the webhooks of {tenant}; deliver tries again");
            });
            (tenant, logged.ok())
        });
        Ok(stream::iter(read).buffer_unordered(MAX_CONCURRENT_READS).collect().await)
    }

    async fn of_tenant(&self, registry: &Registry, tenant: TenantId, version: u64) -> Result<Webhooks, StoreError> {
        if let Some(webhooks) = self.at_version(tenant, version) {
            return Ok(webhooks);
        }
        // Read after the version: a change in between makes the list newer than its label, never older.
        let webhooks = Arc::new(registry.all_subscribers(tenant).await?);
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if tenants.len() >= MAX_TENANTS {
            tenants.clear();
        }
        tenants.insert(tenant, (version, Arc::clone(&webhooks)));
        Ok(webhooks)
    }

    fn at_version(&self, tenant: TenantId, version: u64) -> Option<Webhooks> {
        let tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        let (read_at, webhooks) = tenants.get(&tenant)?;
        (*read_at == version).then(|| Arc::clone(webhooks))
    }
}
