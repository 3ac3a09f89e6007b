//! The one event model. Every provider's report is turned into it.

use jiff::Timestamp;

use crate::id::{EventId, SourceId, TenantId};
use crate::unknown_fields::UnknownFields;

mod event_type;
mod provider;
mod recipient;
mod client;
mod cause;
mod raw;
mod about;
mod facts;
mod example;

pub use self::about::{About, GivenUp, What};
pub use self::cause::{BounceType, RejectReason};
pub use self::client::{Client, Geo};
pub use self::event_type::{EventType, UnknownEventType};
pub use self::example::example;
pub use self::facts::{Facts, MAX_ROW_BYTES, METADATA_NESTING};
pub use self::provider::Provider;
pub use self::raw::{RAW_LIMIT, Raw, UNPARSED_LIMIT};
pub use self::recipient::Recipient;

/// A fact about an email or a subscriber, owned by a tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Derived from tenant, source and provider event id. Receivers use it as idempotency key.
    pub id: EventId,
    /// The tenant that owns the event.
    pub tenant: TenantId,
    /// The source through which the event arrived; `None` for events that the tenant published itself.
    pub source: Option<SourceId>,
    /// When we accepted the event.
    pub accepted_at: Timestamp,
    /// The event was made up by `POST …/test`; receivers can see this.
    pub test: bool,
    /// What happened.
    pub facts: Facts,
    /// What a newer release has written about the event. It is kept, and never acted on.
    pub unknown: UnknownFields,
}

impl Event {
    /// Gives `facts` an owner, and the id that is derived from both.
    pub fn accept(facts: Facts, tenant: TenantId, source: Option<SourceId>, now: Timestamp) -> Self {
        let id = EventId::derive(facts.occurred_at, tenant, source, &facts.provider_event_id);
        Self { id, tenant, source, accepted_at: now, test: false, facts, unknown: UnknownFields::default() }
    }
}
