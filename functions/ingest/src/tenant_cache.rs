//! The tenants of recent requests, with what an operator allows them.

use jiff::Timestamp;
use shared::cache::Cache;
use shared::id::TenantId;
use shared::store::StoreError;
use shared::store::registry::TenantLookup;
use shared::tenant::Tenant;

/// Tenants that were read lately.
#[derive(Debug)]
pub(crate) struct TenantCache {
    lookup: TenantLookup,
    known: Cache<TenantId, Tenant>,
}

impl TenantCache {
    /// Knows no tenant yet.
    pub(crate) fn new(lookup: TenantLookup, cache_seconds: u32) -> Self {
        Self { lookup, known: Cache::new(cache_seconds) }
    }

    /// A tenant, at most as old as the cache's age limit; `None` if it does not exist.
    pub(crate) async fn get(&self, tenant: TenantId, now: Timestamp) -> Result<Option<Tenant>, StoreError> {
        if let Some(known) = self.known.get(&tenant, now) {
            return Ok(Some(known));
        }
        let found = self.lookup.get(tenant).await?;
        if let Some(found) = &found {
            self.known.put(tenant, found.clone(), now);
        }
        Ok(found)
    }
}
