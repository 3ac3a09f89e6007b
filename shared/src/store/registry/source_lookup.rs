//! Finding the source of a provider's post.

use super::item::{IngestKeyItem, SourceItem};
use super::{Registry, StoreError, keys};
use domain::id::{SourceId, TenantId};
use domain::source::{IngestKeyHash, Source};

/// Sources and the ingest keys by which they are found. Only `ingest` holds this group.
#[derive(Debug, Clone)]
pub struct SourceLookup {
    registry: Registry,
}

impl SourceLookup {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// The source of an ingest key.
    pub async fn find(&self, hash: &IngestKeyHash) -> Result<Option<(TenantId, SourceId)>, StoreError> {
        let item: Option<IngestKeyItem> = self.registry.get(keys::ingest_key(hash), true).await?;
        let Some(item) = item else { return Ok(None) };
        let tenant = item.tenant.parse().map_err(StoreError::unreadable)?;
        let source = item.source.parse().map_err(StoreError::unreadable)?;
        Ok(Some((tenant, source)))
    }

    /// One source of a tenant, if it exists.
    pub async fn get(&self, tenant: TenantId, source: SourceId) -> Result<Option<Source>, StoreError> {
        self.registry.get_source(tenant, source).await
    }
}

impl Registry {
    /// One source of a tenant, if it exists.
    pub(super) async fn get_source(&self, tenant: TenantId, source: SourceId) -> Result<Option<Source>, StoreError> {
        let Some(row) = self.get_row(keys::source(tenant, source), true).await? else { return Ok(None) };
        self.opened::<SourceItem, _>(row).await.map(Some)
    }
}
