//! Where a delivery stands.

use jiff::Timestamp;

use crate::reasons::DeadReason;
use crate::words::closed_words;

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
