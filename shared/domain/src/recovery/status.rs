//! Where a recovery stands.

use jiff::Timestamp;

use crate::words::closed_words;

closed_words!(
    /// Why a recovery could not go on.
    FailureReason {
        /// Its webhook was deleted.
        WebhookDeleted = "webhook_deleted",
        /// Its webhook was disabled.
        WebhookDisabled = "webhook_disabled",
        /// Its webhook was paused.
        WebhookPaused = "webhook_paused",
    }
);

/// Where a recovery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryStatus {
    /// Pages are to come.
    Running,
    /// Nothing is left.
    Done {
        /// When that was found.
        at: Timestamp,
    },
    /// Somebody did not want it any more.
    Cancelled {
        /// When.
        at: Timestamp,
    },
    /// It could not go on.
    Failed {
        /// When.
        at: Timestamp,
        /// Why.
        reason: FailureReason,
    },
}

impl RecoveryStatus {
    /// The stable words, in the order of the documentation.
    pub const WORDS: [&'static str; 4] = ["running", "done", "cancelled", "failed"];

    /// Its stable word.
    pub fn as_str(self) -> &'static str {
        let [running, done, cancelled, failed] = Self::WORDS;
        match self {
            Self::Running => running,
            Self::Done { .. } => done,
            Self::Cancelled { .. } => cancelled,
            Self::Failed { .. } => failed,
        }
    }

    /// When it ended, if it did.
    pub fn finished_at(self) -> Option<Timestamp> {
        match self {
            Self::Running => None,
            Self::Done { at } | Self::Cancelled { at } | Self::Failed { at, .. } => Some(at),
        }
    }
}
