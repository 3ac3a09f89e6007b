//! The subject of an operational event: a webhook, and what happened to the webhook or to one of its deliveries.

use jiff::Timestamp;

use super::EventType;
use crate::id::{EventId, WebhookId};
use crate::reasons::{ClosedReason, DeadReason, DisabledReason};

/// The subject of an operational event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The webhook that the event is about. The event is never owed to this webhook.
    pub webhook: WebhookId,
    /// The tenant's description of the webhook at that time; may be empty.
    pub description: String,
    /// What happened.
    pub what: What,
}

/// What happened to a webhook, or to one of its deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The webhook's breaker opened.
    Opened {
        /// Every attempt has failed since this time.
        since: Timestamp,
    },
    /// The webhook's breaker closed.
    Closed {
        /// Every attempt had failed since this time.
        since: Timestamp,
        /// What closed the breaker.
        reason: ClosedReason,
    },
    /// The webhook was disabled.
    Disabled {
        /// Every attempt has failed since this time; `None` when failures were not the reason.
        since: Option<Timestamp>,
        /// Why the webhook was disabled.
        reason: DisabledReason,
    },
    /// The webhook was enabled.
    Enabled,
    /// The webhook has a new URL, which has still to answer a challenge.
    Pending,
    /// The webhook's new URL has answered its challenge.
    Verified {
        /// Since when the webhook was pending.
        since: Timestamp,
    },
    /// A delivery to the webhook was given up.
    Dead(GivenUp),
}

/// A delivery that was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GivenUp {
    /// The event that was not delivered.
    pub event: EventId,
    /// The type of that event.
    pub event_type: EventType,
    /// Why the delivery was given up.
    pub reason: DeadReason,
    /// How many attempts its last round had.
    pub attempts: u32,
}

impl What {
    /// The type of the operational event.
    pub fn event_type(&self) -> EventType {
        match self {
            Self::Opened { .. } => EventType::WebhookOpened,
            Self::Closed { .. } => EventType::WebhookClosed,
            Self::Disabled { .. } => EventType::WebhookDisabled,
            Self::Enabled => EventType::WebhookEnabled,
            Self::Pending => EventType::WebhookPending,
            Self::Verified { .. } => EventType::WebhookVerified,
            Self::Dead(_) => EventType::DeliveryDead,
        }
    }

    /// The reason for the webhook's change, if the change has one.
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Closed { reason, .. } => Some(reason.as_str()),
            Self::Disabled { reason, .. } => Some(reason.as_str()),
            Self::Opened { .. } | Self::Enabled | Self::Pending | Self::Verified { .. } | Self::Dead(_) => None,
        }
    }

    /// Since when the webhook's attempts have failed, if failures matter for the change. For a verified webhook: since
    /// when it was pending.
    pub fn since(&self) -> Option<Timestamp> {
        match self {
            Self::Opened { since } | Self::Closed { since, .. } | Self::Verified { since } => Some(*since),
            Self::Disabled { since, .. } => *since,
            Self::Enabled | Self::Pending | Self::Dead(_) => None,
        }
    }

    /// The delivery that was given up.
    pub fn given_up(&self) -> Option<&GivenUp> {
        match self {
            Self::Dead(given_up) => Some(given_up),
            Self::Opened { .. }
            | Self::Closed { .. }
            | Self::Disabled { .. }
            | Self::Enabled
            | Self::Pending
            | Self::Verified { .. } => None,
        }
    }
}
