//! Finding the API key that a caller presents.

use super::item::ApiKeyItem;
use super::{Registry, StoreError, keys};
use domain::id::KeyId;
use domain::tenant::ApiKey;

/// The API keys by id. The rooms that accept API keys hold this group: `ingest` and `api`.
#[derive(Debug, Clone)]
pub struct ApiKeyLookup {
    registry: Registry,
}

impl ApiKeyLookup {
    /// The group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self { registry: registry.clone() }
    }

    /// The key with this id, if it exists. The read is strongly consistent, so that a revoked key is not found.
    pub async fn get(&self, key: KeyId) -> Result<Option<ApiKey>, StoreError> {
        self.registry.get_api_key(key).await
    }
}

impl Registry {
    /// The key with this id, if it exists; strongly consistent.
    pub(super) async fn get_api_key(&self, key: KeyId) -> Result<Option<ApiKey>, StoreError> {
        let item: Option<ApiKeyItem> = self.get(keys::api_key(key), true).await?;
        item.map(ApiKey::try_from).transpose()
    }
}
