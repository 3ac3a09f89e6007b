//! What an operator allows a tenant.

use crate::webhook;

/// Maximum value of a limit. Reason: it is above every number that a tenant can reach, and far below an overflow.
pub const MAX_LIMIT: u32 = 100_000_000;

/// The limits that an operator has set for a tenant. `None`: the operator has set none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TenantLimits {
    /// Maximum events that are accepted per minute, of all sources and own events.
    pub events_per_minute: Option<u32>,
    /// Maximum webhooks. [`webhook::MAX_PER_TENANT`] holds for every tenant.
    pub webhooks: Option<u32>,
    /// Maximum webhooks whose URL or backup URL has the same host.
    pub webhooks_per_host: Option<u32>,
    /// Maximum sources.
    pub sources: Option<u32>,
    /// Maximum API keys.
    pub keys: Option<u32>,
}

impl TenantLimits {
    /// Maximum webhooks of the tenant: the operator's limit, or the one that holds for every tenant.
    pub fn max_webhooks(&self) -> u32 {
        self.webhooks.unwrap_or(webhook::MAX_PER_TENANT).min(webhook::MAX_PER_TENANT)
    }
}

/// A change that an operator makes to a tenant. `None`: it stays as it is. A limit of `Some(None)` is removed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TenantChange {
    /// The new name.
    pub name: Option<String>,
    /// Whether the tenant is suspended from now on.
    pub suspended: Option<bool>,
    /// The new [`TenantLimits::events_per_minute`].
    pub events_per_minute: Option<Option<u32>>,
    /// The new [`TenantLimits::webhooks`].
    pub webhooks: Option<Option<u32>>,
    /// The new [`TenantLimits::webhooks_per_host`].
    pub webhooks_per_host: Option<Option<u32>>,
    /// The new [`TenantLimits::sources`].
    pub sources: Option<Option<u32>>,
    /// The new [`TenantLimits::keys`].
    pub keys: Option<Option<u32>>,
}
