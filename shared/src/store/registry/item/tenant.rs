//! A tenant's stored item.

use serde::{Deserialize, Serialize};

use super::{StoreError, VERSION, millis, parsed};
use domain::tenant::{Tenant, TenantLimits};

#[derive(Serialize, Deserialize)]
pub(in crate::store::registry) struct TenantItem {
    v: u8,
    id: String,
    name: String,
    created_at: i64,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    suspended: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_events_per_minute: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store::registry) max_webhooks: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    max_webhooks_per_host: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store::registry) max_sources: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store::registry) max_keys: Option<u32>,
    /// The number of the tenant's sources; only in the tenant's own row. Absent in rows that are older than this count,
    /// until a source is created or deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store::registry) source_count: Option<u32>,
    /// The number of the tenant's API keys, like `source_count`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::store::registry) key_count: Option<u32>,
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

impl TenantItem {
    /// The limits that an operator has set.
    pub(in crate::store::registry) fn limits(&self) -> TenantLimits {
        TenantLimits {
            events_per_minute: self.max_events_per_minute,
            webhooks: self.max_webhooks,
            webhooks_per_host: self.max_webhooks_per_host,
            sources: self.max_sources,
            keys: self.max_keys,
        }
    }
}

impl From<&Tenant> for TenantItem {
    fn from(tenant: &Tenant) -> Self {
        Self {
            v: VERSION,
            id: tenant.id.to_string(),
            name: tenant.name.clone(),
            created_at: tenant.created_at.as_millisecond(),
            suspended: tenant.suspended,
            max_events_per_minute: tenant.limits.events_per_minute,
            max_webhooks: tenant.limits.webhooks,
            max_webhooks_per_host: tenant.limits.webhooks_per_host,
            max_sources: tenant.limits.sources,
            max_keys: tenant.limits.keys,
            source_count: Some(0),
            key_count: Some(0),
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
        let limits = item.limits();
        Ok(Self {
            id: parsed(&item.id)?,
            name: item.name,
            created_at: millis(item.created_at)?,
            suspended: item.suspended,
            limits,
        })
    }
}
