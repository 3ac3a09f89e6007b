//! An API key's stored item.

use serde::{Deserialize, Serialize};

use super::{StoreError, VERSION, millis, parsed, word};
use domain::stored_word::StoredWord;
use domain::tenant::{ApiKey, KeyHash, Role};

#[derive(Serialize, Deserialize)]
pub(in crate::store::registry) struct ApiKeyItem {
    v: u8,
    id: String,
    tenant: Option<String>,
    role: String,
    name: String,
    secret_sha256: String,
    created_at: i64,
}

impl From<&ApiKey> for ApiKeyItem {
    fn from(key: &ApiKey) -> Self {
        Self {
            v: VERSION,
            id: key.id.to_string(),
            tenant: key.tenant.map(|tenant| tenant.to_string()),
            role: key.role.text(Role::as_str).to_owned(),
            name: key.name.clone(),
            secret_sha256: key.secret_hash.to_hex(),
            created_at: key.created_at.as_millisecond(),
        }
    }
}

impl TryFrom<ApiKeyItem> for ApiKey {
    type Error = StoreError;

    fn try_from(item: ApiKeyItem) -> Result<Self, StoreError> {
        Ok(Self {
            id: parsed(&item.id)?,
            tenant: item.tenant.as_deref().map(parsed).transpose()?,
            role: StoredWord::read(&item.role, Role::from_word),
            name: item.name,
            secret_hash: word(KeyHash::from_hex(&item.secret_sha256))?,
            created_at: millis(item.created_at)?,
        })
    }
}
