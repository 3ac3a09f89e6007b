//! The status of a recovery.

use jiff::Timestamp;

use crate::words::string_enum;

string_enum!(
    /// Why a recovery could not continue.
    FailureReason {
        /// The webhook was deleted.
        WebhookDeleted = "webhook_deleted",
        /// The webhook was disabled.
        WebhookDisabled = "webhook_disabled",
        /// The webhook was paused.
        WebhookPaused = "webhook_paused",
        /// The webhook has a new URL, which has still to answer a challenge.
        WebhookPending = "webhook_pending",
    }
);

/// The status of a recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryStatus {
    /// More pages follow.
    Running,
    /// Nothing is left to recover.
    Done {
        /// When the last page found this.
        at: Timestamp,
    },
    /// Somebody cancelled the recovery.
    Cancelled {
        /// When it was cancelled.
        at: Timestamp,
    },
    /// The recovery could not continue.
    Failed {
        /// When this was found.
        at: Timestamp,
        /// Why the recovery could not continue.
        reason: FailureReason,
    },
}

impl RecoveryStatus {
    /// The stable words, in the order of the documentation.
    pub const WORDS: [&'static str; 4] = ["running", "done", "cancelled", "failed"];

    /// The status's stable word.
    pub fn as_str(self) -> &'static str {
        let [running, done, cancelled, failed] = Self::WORDS;
        match self {
            Self::Running => running,
            Self::Done { .. } => done,
            Self::Cancelled { .. } => cancelled,
            Self::Failed { .. } => failed,
        }
    }

    /// When the recovery ended; `None` while it runs.
    pub fn finished_at(self) -> Option<Timestamp> {
        match self {
            Self::Running => None,
            Self::Done { at } | Self::Cancelled { at } | Self::Failed { at, .. } => Some(at),
        }
    }
}
