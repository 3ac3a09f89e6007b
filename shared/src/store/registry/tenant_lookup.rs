//! Finding a tenant, as the rooms that carry out its work need it.

use super::item::TenantItem;
use super::{Registry, StoreError, keys};
use domain::id::TenantId;
use domain::tenant::Tenant;

/// Tenants by id. `ingest` and `deliver` hold this group, to learn what an operator allows a tenant.
#[derive(Debug, Clone)]
pub struct TenantLookup {
    registry: Registry,
}

impl TenantLookup {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// One tenant, if it exists; strongly consistent.
    pub async fn get(&self, tenant: TenantId) -> Result<Option<Tenant>, StoreError> {
        self.registry.get_tenant(tenant).await
    }
}

impl Registry {
    /// One tenant, if it exists; strongly consistent.
    pub(super) async fn get_tenant(&self, tenant: TenantId) -> Result<Option<Tenant>, StoreError> {
        let item: Option<TenantItem> = self.get(keys::tenant(tenant), true).await?;
        item.map(Tenant::try_from).transpose()
    }
}
