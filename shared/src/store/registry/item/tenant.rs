//! A tenant's stored item.

use serde::{Deserialize, Serialize};

use super::{StoreError, VERSION, millis, parsed};
use domain::tenant::Tenant;

#[derive(Serialize, Deserialize)]
pub(in crate::store::registry) struct TenantItem {
    v: u8,
    id: String,
    name: String,
    created_at: i64,
    /// The number of the tenant's webhooks; only in the tenant's own row.
    #[serde(default)]
    pub(in crate::store::registry) webhook_count: u32,
    /// The last number given to a webhook; only in the tenant's own row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store::registry) last_webhook_number: Option<u32>,
    /// Raised by every change to the tenant's webhooks; only in the tenant's own row.
    #[serde(default)]
    pub(in crate::store::registry) webhooks_version: u64,
    /// The number of the tenant's running recoveries; only in the tenant's own row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store::registry) recoveries_running: Option<u32>,
    /// Whether the public keys of all its webhooks have rows of their own; only in the tenant's own row. Absent in rows
    /// that are older than such rows.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::store::registry) public_keys_apart: bool,
}

impl From<&Tenant> for TenantItem {
    fn from(tenant: &Tenant) -> Self {
        Self {
            v: VERSION,
            id: tenant.id.to_string(),
            name: tenant.name.clone(),
            created_at: tenant.created_at.as_millisecond(),
            webhook_count: 0,
            last_webhook_number: None,
            webhooks_version: 0,
            recoveries_running: None,
            public_keys_apart: true,
        }
    }
}

impl TryFrom<TenantItem> for Tenant {
    type Error = StoreError;

    fn try_from(item: TenantItem) -> Result<Self, StoreError> {
        Ok(Self { id: parsed(&item.id)?, name: item.name, created_at: millis(item.created_at)? })
    }
}
