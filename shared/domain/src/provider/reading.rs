//! The common part of all mappings: an event's class, and the fields that every provider has in some form.

use jiff::Timestamp;

use super::limits::bound;
use super::synthetic_id::{Identity, synthetic_id};
use super::{Provider, Report, text};
use crate::event::{BounceType, EventType, Facts, RejectReason};

/// The meaning of a provider's word for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Class {
    pub event_type: EventType,
    pub bounce_type: Option<BounceType>,
    pub reject_reason: Option<RejectReason>,
}

impl Class {
    pub(super) const UNKNOWN: Self = Self::of(EventType::Unknown);

    pub(super) const fn of(event_type: EventType) -> Self {
        Self { event_type, bounce_type: None, reject_reason: None }
    }

    pub(super) const fn bounced(kind: BounceType) -> Self {
        Self { event_type: EventType::Bounced, bounce_type: Some(kind), reject_reason: None }
    }

    pub(super) const fn rejected(reason: RejectReason) -> Self {
        Self { event_type: EventType::Rejected, bounce_type: None, reject_reason: Some(reason) }
    }

    pub(super) const fn failed(reason: Option<RejectReason>) -> Self {
        Self { event_type: EventType::Failed, bounce_type: None, reject_reason: reason }
    }

    /// The class as words, for tests of mapping tables.
    #[cfg(test)]
    pub(super) fn words(self) -> String {
        let words = [
            Some(self.event_type.as_str()),
            self.bounce_type.map(BounceType::as_str),
            self.reject_reason.map(RejectReason::as_str),
        ];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// An event as it is read, before it becomes a report.
#[derive(Debug)]
pub(super) struct Reading {
    pub provider: Provider,
    pub class: Class,
    /// The provider's own name of the event.
    pub event: String,
    /// The provider's own id of this event, if it has one.
    pub id: Option<String>,
    /// When the event happened, if the time could be read.
    pub at: Option<Timestamp>,
    /// When the event happened, as received.
    pub timestamp: Option<String>,
    /// The recipient's address, as received.
    pub recipient: Option<String>,
    /// The id of the email, as received.
    pub message_id: Option<String>,
    /// The link, if there is one.
    pub url: Option<String>,
    /// The text that explains the event.
    pub diagnostic: Option<String>,
    /// What distinguishes this event from another one when neither link nor text does.
    pub discriminator: Option<String>,
}

impl Reading {
    /// A reading with the kind of event only.
    pub(super) fn new(provider: Provider, event: impl Into<String>, class: Class) -> Self {
        Self {
            provider,
            class,
            event: event.into(),
            id: None,
            at: None,
            timestamp: None,
            recipient: None,
            message_id: None,
            url: None,
            diagnostic: None,
            discriminator: None,
        }
    }

    /// The report, with the fields that `fill` adds, as far as a row has space for them. Without an id of the provider
    /// the report gets a synthetic one. Without a time it is dated `now`.
    pub(super) fn report(self, now: Timestamp, fill: impl FnOnce(&mut Facts)) -> Report {
        let email_message_id = self.message_id.as_deref().and_then(text::message_id);
        let id = self.id.clone().unwrap_or_else(|| {
            synthetic_id(&Identity {
                provider: self.provider,
                event: &self.event,
                message_id: email_message_id.as_deref(),
                recipient: self.recipient.as_deref(),
                timestamp: self.timestamp.as_deref(),
                discriminator: [&self.discriminator, &self.url, &self.diagnostic]
                    .into_iter()
                    .find_map(Option::as_deref),
            })
        });
        Report::at(self.at, now, |at| {
            let mut facts = Facts::new(self.class.event_type, self.provider, self.event, id, at);
            facts.recipient = self.recipient.as_deref().and_then(text::recipient);
            facts.email_message_id = email_message_id;
            facts.bounce_type = self.class.bounce_type;
            facts.reject_reason = self.class.reject_reason;
            // Some providers report links of other kinds, for example the page to unsubscribe on.
            facts.url = self.url.filter(|_| self.class.event_type == EventType::Clicked);
            facts.diagnostic = self.diagnostic;
            fill(&mut facts);
            bound(&mut facts);
            facts
        })
    }
}
