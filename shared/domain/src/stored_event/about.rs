//! The stored form of an operational event's subject.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{UnreadableEventError, known, known_type};
use crate::event::{About, EventType, GivenUp, What};
use crate::reasons::{ClosedReason, DeadReason, DisabledReason};

/// The event's type decides which of the optional fields are present.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredAbout {
    webhook: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    desc: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etype: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<u32>,
    /// What this release does not know. It is flattened, because a newer release writes its fields next to ours.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

impl StoredAbout {
    /// The stored form, with the fields that this release does not know.
    pub(super) fn new(about: &About, rest: Map<String, Value>) -> Self {
        let given_up = about.what.given_up();
        Self {
            webhook: about.webhook.to_string(),
            desc: about.description.clone(),
            since: about.what.since().map(Timestamp::as_millisecond),
            reason: about.what.reason().or(given_up.map(|given_up| given_up.reason.as_str())).map(str::to_owned),
            event: given_up.map(|given_up| given_up.event.to_string()),
            etype: given_up.map(|given_up| given_up.event_type.as_str().to_owned()),
            n: given_up.map(|given_up| given_up.attempts),
            rest,
        }
    }

    /// The fields that this release knows, and the others.
    pub(super) fn split(mut self) -> (Self, Map<String, Value>) {
        let rest = std::mem::take(&mut self.rest);
        (self, rest)
    }

    /// The subject of an event of this type.
    pub(super) fn of(self, event_type: EventType) -> Result<About, UnreadableEventError> {
        Ok(About {
            webhook: self.webhook.parse().map_err(UnreadableEventError::broken)?,
            what: self.what(event_type)?,
            description: self.desc,
        })
    }

    fn what(&self, event_type: EventType) -> Result<What, UnreadableEventError> {
        let since = || self.since.map(Timestamp::from_millisecond).transpose().map_err(UnreadableEventError::broken);
        let reason = || present(self.reason.as_deref());
        Ok(match event_type {
            EventType::WebhookOpened => What::Opened { since: present(since()?)? },
            EventType::WebhookClosed => {
                What::Closed { since: present(since()?)?, reason: known(reason()?, ClosedReason::from_word)? }
            }
            EventType::WebhookDisabled => {
                What::Disabled { since: since()?, reason: known(reason()?, DisabledReason::from_word)? }
            }
            EventType::WebhookEnabled => What::Enabled,
            EventType::WebhookPending => What::Pending,
            EventType::WebhookVerified => What::Verified { since: present(since()?)? },
            EventType::DeliveryDead => What::Dead(GivenUp {
                event: present(self.event.as_deref())?.parse().map_err(UnreadableEventError::broken)?,
                event_type: known_type(present(self.etype.as_deref())?)?,
                reason: known(reason()?, DeadReason::from_word)?,
                attempts: present(self.n)?,
            }),
            EventType::Sent
            | EventType::Delivered
            | EventType::Deferred
            | EventType::Bounced
            | EventType::Rejected
            | EventType::Failed
            | EventType::Opened
            | EventType::Clicked
            | EventType::Complained
            | EventType::Unsubscribed
            | EventType::Subscribed
            | EventType::SubscriberCreated
            | EventType::SubscriberUnsubscribed
            | EventType::Unknown
            // A newer release says more about such events.
            | EventType::Unparsed => return Err(UnreadableEventError::Newer),
        })
    }
}

fn present<T>(found: Option<T>) -> Result<T, UnreadableEventError> {
    found.ok_or_else(|| UnreadableEventError::broken("an operational event without a part that its type needs"))
}

#[cfg(test)]
mod tests {
    use super::super::StoredEvent;
    use super::*;
    use crate::event::{Event, example};
    use crate::id::TenantId;

    #[test]
    fn operational_events_read_back() {
        let at: Timestamp = "2026-01-02T03:04:05.678Z".parse().unwrap();
        for event_type in EventType::OPERATIONAL {
            let facts = example(*event_type, "k", at);
            assert!(facts.about.is_some(), "{}", event_type.as_str());
            let event = Event::accept(facts, TenantId::mint(at, [1; 10]), None, at);
            let json = serde_json::to_string(&StoredEvent::from(&event)).unwrap();
            let stored: StoredEvent = serde_json::from_str(&json).unwrap();
            assert_eq!(Event::try_from(stored).unwrap(), event);
        }
    }

    #[test]
    fn a_part_that_is_missing_or_of_another_type_is_not_guessed() {
        let about = |json: &str| serde_json::from_str::<StoredAbout>(json).unwrap();
        let webhook = r#""webhook":"wh_01ARZ3NDEKTSV4RRFFQ69G5FAV""#;
        for (event_type, rest) in [
            (EventType::WebhookOpened, ""),
            (EventType::WebhookClosed, r#","since":1,"reason":"gone""#),
            (EventType::WebhookDisabled, r#","since":1"#),
            (EventType::DeliveryDead, r#","reason":"gone","event":"evt_1","etype":"email.sent","n":1"#),
            (EventType::Sent, ""),
        ] {
            assert!(about(&format!("{{{webhook}{rest}}}")).of(event_type).is_err(), "{event_type:?}");
        }
    }
}
