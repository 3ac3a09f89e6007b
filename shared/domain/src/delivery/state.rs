//! The state of a delivery.

use jiff::Timestamp;

use crate::reasons::DeadReason;
use crate::words::string_enum;

/// The state of a delivery. Before its first attempt a delivery has no row: its job is in the deliveries queue, or its
/// event's insert is in the table's stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// A job in the retries queue waits for its next attempt.
    Waiting {
        /// The next attempt is made at this time or later.
        next_attempt_at: Timestamp,
    },
    /// The receiver accepted it.
    Delivered,
    /// The delivery was given up. Its job is in the dead-letter queue.
    Dead {
        /// Why the delivery was given up.
        reason: DeadReason,
    },
    /// Kept without attempts while its webhook is disabled or paused, or while the webhook's breaker is open.
    Held,
    /// The webhook was deleted.
    Discarded,
}

impl DeliveryState {
    /// The stable word, for the API, the index and logs.
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

string_enum!(
    /// The states without their data, for filters.
    StateKind {
        /// The delivery waits for its next attempt.
        Waiting = "waiting",
        /// The receiver accepted it.
        Delivered = "delivered",
        /// The delivery was given up.
        Dead = "dead",
        /// Kept while its webhook is disabled or paused, or while the webhook's breaker is open.
        Held = "held",
        /// The webhook was deleted.
        Discarded = "discarded",
    }
);
