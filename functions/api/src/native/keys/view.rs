//! A key as answers show it.

use serde::Serialize;
use shared::id::TenantId;
use shared::tenant::{ApiKey, PresentedKey, Role};

/// A key as answers show it; with its secret only when it is created.
#[derive(Debug, Serialize)]
pub(super) struct KeyView {
    id: String,
    /// The role of a newer release is shown as it is stored.
    role: String,
    name: String,
    /// `null` for admin keys.
    tenant_id: Option<String>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
}

impl KeyView {
    /// The whole key, for the answer to the request that creates it.
    pub(super) fn with_secret(key: &ApiKey, presented: &PresentedKey) -> Self {
        Self { key: Some(presented.expose()), ..Self::from(key) }
    }
}

impl From<&ApiKey> for KeyView {
    fn from(key: &ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            role: key.role.text(Role::as_str).to_owned(),
            name: key.name.clone(),
            tenant_id: key.tenant.map(|tenant: TenantId| tenant.to_string()),
            created_at: key.created_at.to_string(),
            key: None,
        }
    }
}
