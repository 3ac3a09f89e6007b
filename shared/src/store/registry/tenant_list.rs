//! The list of tenants, of which `deliver` reads a page in each sweep.

use super::item::TenantItem;
use super::{Page, Registry, StoreError, keys};
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

    /// Tenants in the order of their creation, after `after`. Each row is read on its own: a row that cannot be read
    /// keeps nobody from the others.
    pub async fn page(&self, after: Option<&str>, limit: u8) -> Result<Page<Result<Tenant, StoreError>>, StoreError> {
        let page = self.registry.list_rows(keys::TENANTS.to_owned(), "", after, limit).await?;
        let read = |row| {
            let item: TenantItem = serde_dynamo::from_item(row).map_err(StoreError::unreadable)?;
            Tenant::try_from(item)
        };
        Ok(Page { items: page.items.into_iter().map(read).collect(), next: page.next })
    }
}

impl Registry {
    /// Tenants in the order of their creation, after `after`.
    pub(super) async fn list_tenants(&self, after: Option<&str>, limit: u8) -> Result<Page<Tenant>, StoreError> {
        let page: Page<TenantItem> = self.list(keys::TENANTS.to_owned(), "", after, limit).await?;
        let items = page.items.into_iter().map(Tenant::try_from).collect::<Result<_, _>>()?;
        Ok(Page { items, next: page.next })
    }
}
