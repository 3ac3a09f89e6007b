//! A tenant as answers show it.

use serde::Serialize;
use shared::tenant::{Tenant, TenantLimits};

/// A tenant as answers show it.
#[derive(Debug, Serialize)]
pub(super) struct TenantView {
    id: String,
    name: String,
    created_at: String,
    suspended: bool,
    limits: LimitsView,
}

/// The limits that an operator has set; `null` without one.
#[derive(Debug, Serialize)]
struct LimitsView {
    events_per_minute: Option<u32>,
    webhooks: Option<u32>,
    webhooks_per_host: Option<u32>,
    sources: Option<u32>,
    keys: Option<u32>,
}

impl From<&Tenant> for TenantView {
    fn from(tenant: &Tenant) -> Self {
        let TenantLimits { events_per_minute, webhooks, webhooks_per_host, sources, keys } = tenant.limits;
        Self {
            id: tenant.id.to_string(),
            name: tenant.name.clone(),
            created_at: tenant.created_at.to_string(),
            suspended: tenant.suspended,
            limits: LimitsView { events_per_minute, webhooks, webhooks_per_host, sources, keys },
        }
    }
}
