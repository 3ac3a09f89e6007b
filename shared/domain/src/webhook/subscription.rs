//! Which events a webhook wants.

use std::collections::BTreeSet;

use crate::dialect::Dialect;
use crate::event::{Event, EventType};
use crate::id::{SourceId, WebhookId};

/// The events that a webhook wants. All given conditions must hold. For operational events only the type counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// The wanted types.
    pub types: WantedTypes,
    /// Only events of these sources. Empty means all, including the tenant's own events.
    pub sources: BTreeSet<SourceId>,
    /// Only events of emails sent from these domains, in lower case. Empty means all.
    pub domains: BTreeSet<String>,
}

/// The event types of a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WantedTypes {
    /// `*`: every type that the dialect has a word for, except operational types, which must be named.
    All,
    /// `*`, and these operational types.
    AllAnd(BTreeSet<EventType>),
    /// Only these types.
    Only(BTreeSet<EventType>),
}

impl WantedTypes {
    /// Whether a webhook of `dialect` wants `event_type`.
    pub fn include(&self, event_type: EventType, dialect: Dialect) -> bool {
        self.may_include(event_type, Some(dialect))
    }

    /// Like [`WantedTypes::include`]. If the dialect is not known, it counts as one that has a word for every type.
    fn may_include(&self, event_type: EventType, dialect: Option<Dialect>) -> bool {
        let has_word = || dialect.is_none_or(|dialect| dialect.name(event_type).is_some());
        match self {
            Self::AllAnd(operational) if event_type.is_operational() => operational.contains(&event_type),
            Self::All | Self::AllAnd(_) => has_word() && !event_type.is_operational(),
            Self::Only(types) => types.contains(&event_type),
        }
    }

    /// The wanted types without `unwanted`. `*` becomes the list of the other types that exist now. `None` when nothing
    /// is left.
    #[must_use]
    pub fn without(&self, unwanted: &[EventType], dialect: Dialect) -> Option<Self> {
        let wanted = EventType::deliverable().filter(|event_type| self.include(*event_type, dialect));
        let left: BTreeSet<_> = wanted.filter(|event_type| !unwanted.contains(event_type)).collect();
        (!left.is_empty()).then_some(Self::Only(left))
    }
}

impl Subscription {
    /// Maximum number of sources, and maximum number of domains, of a subscription.
    pub const MAX_FILTERS: usize = 50;

    pub(super) fn wants(&self, webhook: WebhookId, event: &Event, dialect: Option<Dialect>) -> bool {
        let event_type = event.facts.event_type;
        // A body that could not be read is for its owner to look at.
        if event_type == EventType::Unparsed {
            return false;
        }
        let type_wanted = self.types.may_include(event_type, dialect);
        // Operational events have no source and no email, so the filters do not apply to them. An operational event is
        // not owed to the webhook that it is about, because a receiver that is down would get more and more of them.
        if let Some(about) = &event.facts.about {
            return type_wanted && about.webhook != webhook;
        }
        let source_wanted =
            self.sources.is_empty() || event.source.is_some_and(|source| self.sources.contains(&source));
        let domain_wanted = self.domains.is_empty()
            || event.facts.sending_domain.as_ref().is_some_and(|domain| self.domains.contains(&domain.to_lowercase()));
        type_wanted && source_wanted && domain_wanted
    }
}

/// Whether `event` may be owed to a webhook of which only the id is known. A webhook gets no body that could not be
/// read, and no operational event about itself.
pub fn may_want(webhook: WebhookId, event: &Event) -> bool {
    event.facts.event_type != EventType::Unparsed
        && event.facts.about.as_ref().is_none_or(|about| about.webhook != webhook)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_is_wanted_no_more_and_everything_else_is() {
        let operational = || BTreeSet::from([EventType::DeliveryDead]);
        let unwanted = [EventType::Bounced, EventType::Failed];
        for (types, dialect) in [
            (WantedTypes::All, Dialect::Standard),
            (WantedTypes::AllAnd(operational()), Dialect::Standard),
            (WantedTypes::All, Dialect::Mailgun),
            (WantedTypes::All, Dialect::Mailtura),
            (WantedTypes::Only(BTreeSet::from([EventType::Bounced, EventType::Opened])), Dialect::Platform),
        ] {
            let left = types.without(&unwanted, dialect).unwrap();
            for event_type in EventType::deliverable() {
                let expected = types.include(event_type, dialect) && !unwanted.contains(&event_type);
                assert_eq!(left.include(event_type, dialect), expected, "{types:?} {}", event_type.as_str());
            }
        }
        let both = WantedTypes::Only(BTreeSet::from(unwanted));
        assert_eq!(both.without(&unwanted, Dialect::Mailgun), None);
    }
}
