//! The tables of the room. Of the registry, it holds the groups of operations that it may use.

use shared::store::registry::{
    RateLimits, ReceiverHealth, Releases, RunningRecoveries, SubscriberPages, TenantList, Webhooks,
};
use shared::store::{Deliveries, Events, Registry};

/// The tables, for what is read and listed of them. Rows of deliveries are written by `delivery/record.rs` alone.
#[derive(Debug)]
pub(crate) struct Stores {
    pub(crate) tenants: TenantList,
    pub(crate) webhooks: Webhooks,
    pub(crate) subscribers: SubscriberPages,
    pub(crate) receivers: ReceiverHealth,
    pub(crate) rate_limits: RateLimits,
    pub(crate) recoveries: RunningRecoveries,
    pub(crate) releases: Releases,
    pub(crate) events: Events,
    pub(crate) deliveries: Deliveries,
}

impl Stores {
    /// The tables, with the groups of operations of `registry`.
    pub(crate) fn new(registry: &Registry, events: Events, deliveries: Deliveries) -> Self {
        Self {
            tenants: TenantList::new(registry),
            webhooks: Webhooks::new(registry),
            subscribers: SubscriberPages::new(registry),
            receivers: ReceiverHealth::new(registry),
            rate_limits: RateLimits::new(registry),
            recoveries: RunningRecoveries::new(registry),
            releases: Releases::new(registry),
            events,
            deliveries,
        }
    }
}
