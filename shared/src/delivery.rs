//! Deliveries: one event owed to one webhook, with its attempts and its state.

use jiff::Timestamp;

use crate::event::{EventType, closed_words};
use crate::id::{EventId, TenantId, WebhookId};
use crate::retry::MAX_DELAYS;

pub mod post_id;
pub mod standing;

/// How much of a receiver's answer is kept with an attempt: 1 KiB.
pub const KEPT_ANSWER: usize = 1024;
/// How many attempts a row keeps; older ones make room when a new round begins, so that a row stays far below
/// DynamoDB's 400 KB.
pub const MAX_ATTEMPTS_KEPT: usize = 100;
/// Maximum number of attempts of a round, one more than a policy has delays. Probes come on top.
const MAX_ROUND_ATTEMPTS: usize = MAX_DELAYS + 1;

/// What names a delivery: its tenant, its webhook and its event.
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
    /// Who owns it.
    pub tenant: TenantId,
    /// To whom it is owed.
    pub webhook: WebhookId,
    /// What is owed.
    pub event: EventId,
    /// The event's type.
    pub event_type: EventType,
    /// Where it stands.
    pub state: DeliveryState,
    /// How often it was started anew by a redrive or recover; jobs of an earlier round are void.
    pub round: u32,
    /// How many attempts this round has had.
    pub round_attempts: u32,
    /// The attempts kept, oldest first.
    pub attempts: Vec<Attempt>,
    /// When the row was last written.
    pub updated_at: Timestamp,
}

impl Delivery {
    /// What names the delivery.
    pub fn key(&self) -> DeliveryKey {
        DeliveryKey { tenant: self.tenant, webhook: self.webhook, event: self.event }
    }
}

/// Where a delivery stands. Before its first attempt it has no row: its job is in the deliveries queue, or its event's
/// insert is in the table's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// A job in the retries queue waits for its next attempt.
    Waiting {
        /// Not before this time.
        next_attempt_at: Timestamp,
    },
    /// The receiver accepted it.
    Delivered,
    /// Given up; its job is in the dead-letter queue.
    Dead {
        /// Why.
        reason: DeadReason,
    },
    /// Kept without attempts while its webhook is disabled or paused.
    Held,
    /// Its webhook was deleted.
    Discarded,
}

impl DeliveryState {
    /// The stable word for API, index and logs.
    pub fn as_str(self) -> &'static str {
        self.kind().as_str()
    }

    /// The state without its data.
    pub fn kind(self) -> StateKind {
        match self {
            Self::Waiting { .. } => StateKind::Waiting,
            Self::Delivered => StateKind::Delivered,
            Self::Dead { .. } => StateKind::Dead,
            Self::Held => StateKind::Held,
            Self::Discarded => StateKind::Discarded,
        }
    }
}

closed_words!(
    /// The states by name, as for filters.
    StateKind {
        /// Waits for its next attempt.
        Waiting = "waiting",
        /// The receiver accepted it.
        Delivered = "delivered",
        /// Given up.
        Dead = "dead",
        /// Kept while its webhook is disabled or paused.
        Held = "held",
        /// Its webhook was deleted.
        Discarded = "discarded",
    }
);

closed_words!(
    /// Why a delivery was given up.
    DeadReason {
        /// The retry policy's schedule is used up.
        AttemptsExhausted = "attempts_exhausted",
        /// The receiver answered 410: it is gone for good.
        Gone = "gone",
        /// The job names an event that is no longer stored.
        EventExpired = "event_expired",
        /// The receiver answered `webhook-delivery: abort-message`.
        Aborted = "aborted",
        /// The receiver answered `webhook-delivery: disable`.
        ReceiverAsked = "receiver_asked",
        /// The receiver answered with a status that means "not again" in its dialect.
        Refused = "refused",
        /// It is larger than a message of the webhook's stream may be.
        TooLarge = "too_large",
        /// This version cannot read the job, or the event that the job refers to.
        Unreadable = "unreadable",
    }
);

/// One HTTP try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// From 1, within its round.
    pub number: u32,
    /// The round that it belongs to.
    pub round: u32,
    /// When it began.
    pub at: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took, in milliseconds, from DNS to the end of the answer.
    pub duration_ms: u32,
    /// The address connected to, where that is known.
    pub address: Option<String>,
    /// The first [`KEPT_ANSWER`] bytes of the answer's body, as text.
    pub answer: Option<String>,
    /// Which of the webhook's URLs all this is about.
    pub via: Via,
}

/// Which of a webhook's URLs an attempt ended at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// Its URL.
    Main,
    /// Its backup URL.
    Backup {
        /// How it had ended at the URL before.
        main: Outcome,
    },
}

closed_words!(
    /// What a receiver can ask for in the header `webhook-delivery` of its answer.
    Asked {
        /// Not to be sent this event again.
        AbortMessage = "abort-message",
        /// Not to be sent anything more.
        Disable = "disable",
    }
);

/// How an attempt ended: a closed set with stable codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver accepted it.
    Delivered {
        /// The HTTP status.
        status: u16,
    },
    /// The receiver answered, but not with success; redirects are not followed and count here.
    RefusedStatus {
        /// The HTTP status.
        status: u16,
        /// When the receiver wants to be asked again, from `Retry-After`.
        retry_after: Option<Timestamp>,
    },
    /// The time limit was over before the receiver sent a status.
    Timeout,
    /// The host name did not resolve.
    Dns,
    /// No connection came about.
    Connect,
    /// No trusted TLS session came about.
    Tls,
    /// The host is, or resolves to, an address that deliveries may not go to.
    BlockedAddress,
    /// The far end did not speak HTTP, or broke off before a status.
    Protocol,
}

impl Outcome {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Delivered { .. } => "delivered",
            Self::RefusedStatus { .. } => "refused_status",
            Self::Timeout => "timeout",
            Self::Dns => "dns",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::BlockedAddress => "blocked_address",
            Self::Protocol => "protocol",
        }
    }

    /// The HTTP status, where there was an answer.
    pub fn status(self) -> Option<u16> {
        match self {
            Self::Delivered { status } | Self::RefusedStatus { status, .. } => Some(status),
            Self::Timeout | Self::Dns | Self::Connect | Self::Tls | Self::BlockedAddress | Self::Protocol => None,
        }
    }

    /// The outcome that a stored code and status stand for.
    pub fn from_stored(code: &str, status: Option<u16>) -> Option<Self> {
        Some(match (code, status) {
            ("delivered", Some(status)) => Self::Delivered { status },
            ("refused_status", Some(status)) => Self::RefusedStatus { status, retry_after: None },
            ("timeout", _) => Self::Timeout,
            ("dns", _) => Self::Dns,
            ("connect", _) => Self::Connect,
            ("tls", _) => Self::Tls,
            ("blocked_address", _) => Self::BlockedAddress,
            ("protocol", _) => Self::Protocol,
            _ => return None,
        })
    }
}
