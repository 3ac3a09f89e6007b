//! Deliveries: one event owed to one webhook, with its attempts and its state.

use jiff::Timestamp;

use crate::event::EventType;
use crate::id::{EventId, TenantId, WebhookId};
pub use crate::reasons::DeadReason;

pub mod post_id;
mod state;
mod attempt;
pub mod job_verdict;
pub mod overdue;

pub use self::attempt::{Attempt, MAX_STORED_RESPONSE_BYTES, Outcome, ReceiverDirective, Target};
pub use self::state::{DeliveryState, StateKind};

/// Maximum number of attempts that a row keeps. When a new round begins, older attempts are removed to make room.
/// Reason: the row stays far below DynamoDB's 400 KB.
pub const MAX_ATTEMPTS_KEPT: usize = 100;
/// Maximum number of attempts of a round, without probes (31): the first attempt, and one after each of the 30 delays
/// that a policy may have.
pub const MAX_ROUND_ATTEMPTS: usize = 31;

/// The key of a delivery: its tenant, its webhook and its event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeliveryKey {
    /// The tenant that owns the delivery.
    pub tenant: TenantId,
    /// The webhook that the delivery goes to.
    pub webhook: WebhookId,
    /// The event that is delivered.
    pub event: EventId,
}

/// One event owed to one webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// The tenant that owns the delivery.
    pub tenant: TenantId,
    /// The webhook that the event is owed to.
    pub webhook: WebhookId,
    /// The event that is owed.
    pub event: EventId,
    /// The event's type.
    pub event_type: EventType,
    /// The state of the delivery.
    pub state: DeliveryState,
    /// How often a redrive, a recovery or a resend started the delivery anew. Jobs of an earlier round are obsolete.
    pub round: u32,
    /// How many attempts this round has had.
    pub round_attempts: u32,
    /// The kept attempts, oldest first.
    pub attempts: Vec<Attempt>,
    /// When the row was last written.
    pub updated_at: Timestamp,
}

impl Delivery {
    /// The key of the delivery.
    pub fn key(&self) -> DeliveryKey {
        DeliveryKey { tenant: self.tenant, webhook: self.webhook, event: self.event }
    }
}
