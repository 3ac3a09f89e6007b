//! What mailhooks itself reports: what became of a webhook or of a delivery to it.
//!
//! These events are raised by changes of state and nothing else, each in the transaction of its change, so that neither
//! is without the other. Pure.

use jiff::Timestamp;

use super::{Event, EventType, Facts};
use crate::breaker::{ClosedReason, Open};
use crate::delivery::DeadReason;
use crate::id::{EventId, WebhookId};
use crate::provider::Provider;
use crate::webhook::{DisabledReason, Webhook, WebhookStatus};

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

impl Facts {
    /// Facts that mailhooks itself reports; `key` tells this change from every other of its type.
    pub fn of_change(about: About, key: impl Into<String>, at: Timestamp) -> Self {
        let event_type = about.what.event_type();
        let facts = Self::new(event_type, Provider::Mailhooks, event_type.as_str(), key, at);
        Self { about: Some(about), ..facts }
    }
}

/// A breaker opened.
pub fn opened(webhook: &Webhook, open: &Open, now: Timestamp) -> Event {
    event(webhook, What::Opened { since: open.since }, open.probe.as_str(), now)
}

/// The breaker of the outage `open` closed.
pub fn closed(webhook: &Webhook, open: &Open, reason: ClosedReason, now: Timestamp) -> Event {
    event(webhook, What::Closed { since: open.since, reason }, open.probe.as_str(), now)
}

/// A webhook was disabled, by its receiver's word or because its attempts have failed `since`.
pub fn disabled(webhook: &Webhook, reason: DisabledReason, since: Option<Timestamp>, now: Timestamp) -> Event {
    event(webhook, What::Disabled { since, reason }, &webhook.revision.to_string(), now)
}

/// What a tenant's own change of a webhook from `before` to `after` means for its status, if anything.
pub fn status_changed(before: &Webhook, after: &Webhook, now: Timestamp) -> Option<Event> {
    match (before.status, after.status) {
        (WebhookStatus::Enabled, WebhookStatus::Disabled { reason }) => Some(disabled(after, reason, None, now)),
        (WebhookStatus::Disabled { .. }, WebhookStatus::Enabled) => {
            Some(event(after, What::Enabled, &after.revision.to_string(), now))
        }
        (WebhookStatus::Enabled, WebhookStatus::Enabled)
        | (WebhookStatus::Disabled { .. }, WebhookStatus::Disabled { .. }) => None,
    }
}

/// A delivery was given up in its round `round`. `None` for one of an operational event, whose end raises nothing: an
/// outage of whoever listens to these events must not feed itself.
pub fn given_up(webhook: &Webhook, given_up: GivenUp, round: u32, now: Timestamp) -> Option<Event> {
    let is_ordinary = !given_up.event_type.is_operational();
    is_ordinary.then(|| event(webhook, What::Dead(given_up), &format!("{}#{round}", given_up.event), now))
}

/// An event about a webhook; `change` tells the change from every other of its type and webhook.
fn event(webhook: &Webhook, what: What, change: &str, now: Timestamp) -> Event {
    let about = About { webhook: webhook.id, description: webhook.description.clone(), what };
    let now = to_the_millisecond(now);
    let key = format!("{}/{}/{change}", what.event_type().as_str(), webhook.id);
    // With a line break, which no id of an event of the tenant's own has, so that none of those can take its place.
    let id = EventId::derive(now, webhook.tenant, None, &format!("\n{key}"));
    let facts = Facts::of_change(about, key, now);
    Event { id, tenant: webhook.tenant, source: None, accepted_at: now, test: false, facts }
}

/// What is finer than that is lost in the id and says nothing.
fn to_the_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}
