//! What an operational event is about: a webhook, and what became of it or of a delivery to it.

use jiff::Timestamp;

use super::EventType;
use crate::id::{EventId, WebhookId};
use crate::reasons::{ClosedReason, DeadReason, DisabledReason};

/// The webhook that an operational event is about, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Which webhook. The event is never owed to it.
    pub webhook: WebhookId,
    /// The tenant's note on it as it was then; may be empty.
    pub description: String,
    /// What became of it.
    pub what: What,
}

/// What became of a webhook, or of a delivery to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Its breaker opened.
    Opened {
        /// Since when every attempt has failed.
        since: Timestamp,
    },
    /// Its breaker closed.
    Closed {
        /// Since when every attempt had failed.
        since: Timestamp,
        /// What closed it.
        reason: ClosedReason,
    },
    /// It was disabled.
    Disabled {
        /// Since when every attempt has failed; `None` where that was not the reason.
        since: Option<Timestamp>,
        /// Why.
        reason: DisabledReason,
    },
    /// It was enabled.
    Enabled,
    /// A delivery to it was given up.
    Dead(GivenUp),
}

/// A delivery that was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenUp {
    /// What was owed.
    pub event: EventId,
    /// Its type.
    pub event_type: EventType,
    /// Why.
    pub reason: DeadReason,
    /// How many attempts the round had that ended so.
    pub attempts: u32,
}

impl What {
    /// The type of the event that says it.
    pub fn event_type(&self) -> EventType {
        match self {
            Self::Opened { .. } => EventType::WebhookOpened,
            Self::Closed { .. } => EventType::WebhookClosed,
            Self::Disabled { .. } => EventType::WebhookDisabled,
            Self::Enabled => EventType::WebhookEnabled,
            Self::Dead(_) => EventType::DeliveryDead,
        }
    }

    /// What the webhook itself gives as a reason.
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Closed { reason, .. } => Some(reason.as_str()),
            Self::Disabled { reason, .. } => Some(reason.as_str()),
            Self::Opened { .. } | Self::Enabled | Self::Dead(_) => None,
        }
    }

    /// Since when its attempts have failed, where that matters.
    pub fn since(&self) -> Option<Timestamp> {
        match self {
            Self::Opened { since } | Self::Closed { since, .. } => Some(*since),
            Self::Disabled { since, .. } => *since,
            Self::Enabled | Self::Dead(_) => None,
        }
    }

    /// The delivery that was given up.
    pub fn given_up(&self) -> Option<&GivenUp> {
        match self {
            Self::Dead(given_up) => Some(given_up),
            Self::Opened { .. } | Self::Closed { .. } | Self::Disabled { .. } | Self::Enabled => None,
        }
    }
}
