//! The public keys of tenants, remembered for a while.

use std::sync::Arc;

use futures::lock::Mutex;
use jiff::Timestamp;
use shared::cache::Cache;
use shared::id::TenantId;
use shared::secret::PublicKey;
use shared::store::{Registry, StoreError};

/// How long a tenant's keys are trusted from memory, in seconds: whoever asks often costs little.
const CACHE_SECONDS: u32 = 30;
/// Most tenants whose keys are remembered. A tenant has at most 500 webhooks with two keys each of 32 bytes: 16 MB at worst.
const MAX_TENANTS: usize = 500;
/// Most ids that are remembered to be nobody's, in half a MB: more than this route's throttle lets in within `CACHE_SECONDS`
/// (`template.yaml`: 50 a second). They are kept apart, because a flood of them must not drive out tenants.
const MAX_NOBODIES: usize = 10_000;
/// The public keys that were read lately.
#[derive(Debug)]
pub(crate) struct PublicKeyCache {
    of_tenants: Cache<TenantId, Arc<[PublicKey]>>,
    nobodies: Cache<TenantId, ()>,
    /// Held while the registry is read, so that calls at the same moment read it once. A function on Lambda has one call at a
    /// time, so nobody waits there.
    reading: Mutex<()>,
}

impl PublicKeyCache {
    /// Nothing is known yet.
    pub(crate) fn new() -> Self {
        Self {
            of_tenants: Cache::holding(MAX_TENANTS, CACHE_SECONDS),
            nobodies: Cache::holding(MAX_NOBODIES, CACHE_SECONDS),
            reading: Mutex::new(()),
        }
    }

    /// Forgets a tenant's, which have just been changed here. Other functions learn of it when theirs are too old.
    pub(crate) fn forget(&self, tenant: TenantId) {
        self.of_tenants.forget(&tenant);
    }

    /// A tenant's keys, from memory or from the registry.
    pub(crate) async fn of_tenant(
        &self,
        registry: &Registry,
        tenant: TenantId,
        now: Timestamp,
    ) -> Result<Arc<[PublicKey]>, StoreError> {
        if let Some(known) = self.known(tenant, now) {
            return Ok(known);
        }
        let _reading = self.reading.lock().await;
        // Another call may have read them while this one waited.
        if let Some(known) = self.known(tenant, now) {
            return Ok(known);
        }
        let Some(published) = registry.public_keys(tenant).await? else {
            self.nobodies.put(tenant, (), now);
            return Ok(Arc::default());
        };
        let signing = published.iter().filter(|published| published.signs_at(now));
        let keys: Arc<[PublicKey]> = signing.map(|published| published.key).collect();
        self.of_tenants.put(tenant, Arc::clone(&keys), now);
        Ok(keys)
    }

    /// What is remembered of an id, be it nobody's.
    fn known(&self, tenant: TenantId, now: Timestamp) -> Option<Arc<[PublicKey]>> {
        self.of_tenants.get(&tenant, now).or_else(|| self.nobodies.get(&tenant, now).map(|()| Arc::default()))
    }
}
