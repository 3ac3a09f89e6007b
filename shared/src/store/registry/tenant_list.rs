//! The list of tenants, of which `deliver` reads a page in each sweep.

use super::item::TenantItem;
use super::{Page, Readable, Registry, StoreError, item, keys};
use domain::tenant::Tenant;

/// The list of all tenants. `deliver` holds it, for the sweep.
#[derive(Debug, Clone)]
pub struct TenantList {
    registry: Registry,
}

impl TenantList {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// Tenants in the order of their creation, after `after`.
    pub async fn page(&self, after: Option<&str>, limit: u8) -> Result<Page<Readable<Tenant>>, StoreError> {
        self.registry.list_tenants(after, limit).await
    }
}

impl Registry {
    /// Tenants in the order of their creation, after `after`.
    pub(super) async fn list_tenants(
        &self,
        after: Option<&str>,
        limit: u8,
    ) -> Result<Page<Readable<Tenant>>, StoreError> {
        self.list(keys::TENANTS.to_owned(), "", after, limit, item::read::<TenantItem, _>).await
    }
}
