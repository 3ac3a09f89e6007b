//! The webhooks of the tenants met lately, never stale: each tenant's version is read once for each batch, strongly
//! consistent, and the webhooks only when it has changed. So a webhook gets every event that was accepted after its
//! creation was answered.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use shared::id::TenantId;
use shared::store::{Registry, StoreError};
use shared::webhook::Subscriber;

/// Most tenants kept; a function that meets more starts over rather than grow.
const MAX_TENANTS: usize = 1_000;

/// A tenant's webhooks, shared between batches.
type Webhooks = Arc<Vec<Subscriber>>;

/// The versions read during the present batch.
pub(crate) type CheckedVersions = HashMap<TenantId, Option<u64>>;

/// Webhooks by tenant, with the version that they were read at or before.
#[derive(Debug, Default)]
pub(crate) struct Known {
    tenants: Mutex<HashMap<TenantId, (u64, Webhooks)>>,
}

impl Known {
    /// The webhooks of a tenant as of this batch; none for a tenant that does not exist.
    pub(crate) async fn of_tenant(
        &self,
        registry: &Registry,
        tenant: TenantId,
        checked: &mut CheckedVersions,
    ) -> Result<Webhooks, StoreError> {
        let version = match checked.get(&tenant) {
            Some(version) => *version,
            None => *checked.entry(tenant).or_insert(registry.webhooks_version(tenant).await?),
        };
        let Some(version) = version else { return Ok(Webhooks::default()) };
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
