//! The public keys of tenants, remembered for a while.

use std::sync::Arc;

use futures::lock::Mutex;
use jiff::Timestamp;
use shared::cache::Cache;
use shared::id::TenantId;
use shared::secret::PublicKey;
use shared::store::StoreError;
use shared::store::registry::PublicKeys;

/// How long a tenant's keys are trusted from memory, in seconds. Reason: frequent requests cost little.
const CACHE_SECONDS: u32 = 30;
/// Maximum tenants whose keys are remembered. Reason: a tenant has at most 500 webhooks with two keys of 32 bytes each,
/// so 16 MB at worst.
const MAX_TENANTS: usize = 500;
/// Maximum ids that are remembered as no tenant's, in half a MB. Reason: more than this route's throttle lets in within
/// `CACHE_SECONDS` (`template.yaml`: 50 a second). They have a cache of their own, because many such ids must not
/// displace tenants.
const MAX_UNKNOWN: usize = 10_000;

/// The public keys that were read recently.
#[derive(Debug)]
pub(crate) struct PublicKeyCache {
    stored: PublicKeys,
    of_tenants: Cache<TenantId, Arc<[PublicKey]>>,
    unknown: Cache<TenantId, ()>,
    /// Held while the registry is read, so that concurrent calls read it once. A function on Lambda has one call at a
    /// time, so no call waits there.
    reading: Mutex<()>,
}

impl PublicKeyCache {
    /// An empty cache of the keys in `stored`.
    pub(crate) fn new(stored: PublicKeys) -> Self {
        Self {
            stored,
            of_tenants: Cache::holding(MAX_TENANTS, CACHE_SECONDS),
            unknown: Cache::holding(MAX_UNKNOWN, CACHE_SECONDS),
            reading: Mutex::new(()),
        }
    }

    /// Forgets the keys of a tenant after this function changed them. Other instances notice when their entries are too
    /// old.
    pub(crate) fn forget(&self, tenant: TenantId) {
        self.of_tenants.forget(&tenant);
    }

    /// A tenant's keys, from memory or from the registry.
    pub(crate) async fn of_tenant(&self, tenant: TenantId, now: Timestamp) -> Result<Arc<[PublicKey]>, StoreError> {
        if let Some(known) = self.known(tenant, now) {
            return Ok(known);
        }
        let _reading = self.reading.lock().await;
        // Another call may have read them while this one waited.
        if let Some(known) = self.known(tenant, now) {
            return Ok(known);
        }
        let Some(published) = self.stored.of_tenant(tenant).await? else {
            self.unknown.put(tenant, (), now);
            return Ok(Arc::default());
        };
        let signing = published.iter().filter(|published| published.signs_at(now));
        let keys: Arc<[PublicKey]> = signing.map(|published| published.key).collect();
        self.of_tenants.put(tenant, Arc::clone(&keys), now);
        Ok(keys)
    }

    /// What is remembered of an id, also that no tenant has it.
    fn known(&self, tenant: TenantId, now: Timestamp) -> Option<Arc<[PublicKey]>> {
        self.of_tenants.get(&tenant, now).or_else(|| self.unknown.get(&tenant, now).map(|()| Arc::default()))
    }
}
