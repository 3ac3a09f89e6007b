//! All groups of operations on the registry table. A test may use every group; a room holds its own only.

use shared::store::Registry;
use shared::store::registry::{
    ApiKeyLookup, ApiKeys, Breakers, Certificates, DataKeyRotation, EventQuotas, PublicKeys, RateLimits,
    ReceiverHealth, Recoveries, Releases, RunningRecoveries, Settings, SourceLookup, Sources, Subscribers, TenantList,
    TenantLookup, Tenants, UrlVerifications, WebhookWriter, Webhooks, WebhooksVersions,
};

/// The registry table, with every group of operations. Each type says what its group holds.
#[derive(Debug, Clone)]
pub struct RegistryGroups {
    pub api_key_lookup: ApiKeyLookup,
    pub api_keys: ApiKeys,
    pub breakers: Breakers,
    pub certificates: Certificates,
    pub data_key_rotation: DataKeyRotation,
    pub event_quotas: EventQuotas,
    pub public_keys: PublicKeys,
    pub rate_limits: RateLimits,
    pub receivers: ReceiverHealth,
    pub recoveries: Recoveries,
    pub releases: Releases,
    pub running_recoveries: RunningRecoveries,
    pub settings: Settings,
    pub source_lookup: SourceLookup,
    pub sources: Sources,
    pub subscribers: Subscribers,
    pub tenant_list: TenantList,
    pub tenant_lookup: TenantLookup,
    pub tenants: Tenants,
    pub url_verifications: UrlVerifications,
    pub webhook_writer: WebhookWriter,
    pub webhooks: Webhooks,
    pub webhooks_versions: WebhooksVersions,
}

impl RegistryGroups {
    /// Every group on this table.
    pub fn new(registry: &Registry) -> Self {
        Self {
            api_key_lookup: ApiKeyLookup::new(registry),
            api_keys: ApiKeys::new(registry),
            breakers: Breakers::new(registry),
            certificates: Certificates::new(registry),
            data_key_rotation: DataKeyRotation::new(registry),
            event_quotas: EventQuotas::new(registry),
            public_keys: PublicKeys::new(registry),
            rate_limits: RateLimits::new(registry),
            receivers: ReceiverHealth::new(registry),
            recoveries: Recoveries::new(registry),
            releases: Releases::new(registry),
            running_recoveries: RunningRecoveries::new(registry),
            settings: Settings::new(registry),
            source_lookup: SourceLookup::new(registry),
            sources: Sources::new(registry),
            subscribers: Subscribers::new(registry),
            tenant_list: TenantList::new(registry),
            tenant_lookup: TenantLookup::new(registry),
            tenants: Tenants::new(registry),
            url_verifications: UrlVerifications::new(registry),
            webhook_writer: WebhookWriter::new(registry),
            webhooks: Webhooks::new(registry),
            webhooks_versions: WebhooksVersions::new(registry),
        }
    }
}
