//! An event as a provider reports it, before it has an owner.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::event::{Event, Facts};
use crate::id::{EventId, SourceId, TenantId};

/// What a provider says happened, and the time that the event's id will carry.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What the provider says.
    pub facts: Facts,
    /// What distinguishes the event from the source's other events, if the provider's event id alone does not.
    key: Option<String>,
    id_time: Timestamp,
}

impl Report {
    /// A report with a time of the provider.
    pub(super) fn dated(facts: Facts) -> Self {
        Self { id_time: facts.occurred_at, key: None, facts }
    }

    /// A report without a time of the provider; `facts` hold the time of arrival. A retry arrives later and must give
    /// the same id. So the id carries the beginning of the day, and only a retry across midnight (UTC) is stored twice.
    pub(super) fn undated(facts: Facts) -> Self {
        let arrived = facts.occurred_at.to_zoned(TimeZone::UTC);
        let since_midnight = arrived.time().duration_since(Time::midnight());
        let id_time = facts.occurred_at.checked_sub(since_midnight).unwrap_or(facts.occurred_at);
        Self { facts, key: None, id_time }
    }

    /// A report dated by `said`, or an undated one at `now`. `facts` gets the time to use.
    pub(super) fn at(said: Option<Timestamp>, now: Timestamp, facts: impl FnOnce(Timestamp) -> Facts) -> Self {
        match said {
            Some(at) => Self::dated(facts(at)),
            None => Self::undated(facts(now)),
        }
    }

    /// The report with a key of its own, for providers whose event ids are unique only together with another field.
    #[must_use]
    pub(super) fn keyed(self, key: String) -> Self {
        Self { key: Some(key), ..self }
    }

    /// Gives the report an owner, and the id that is derived from it.
    pub fn accept(self, tenant: TenantId, source: Option<SourceId>, now: Timestamp) -> Event {
        let key = self.key.as_deref().unwrap_or(&self.facts.provider_event_id);
        let id = EventId::derive(self.id_time, tenant, source, key);
        Event { id, ..Event::accept(self.facts, tenant, source, now) }
    }
}

/// Whether `signed_at` is at most `past` ago, and at most `ahead` in the future.
pub(super) fn is_fresh(signed_at: Timestamp, now: Timestamp, past: SignedDuration, ahead: SignedDuration) -> bool {
    let age = now.duration_since(signed_at);
    age <= past && -age <= ahead
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::EventType;
    use crate::provider::Provider;

    #[test]
    fn a_retry_on_the_same_day_has_the_same_id() {
        let tenant = TenantId::mint(Timestamp::UNIX_EPOCH, [1; 10]);
        let id = |arrived: &str| {
            let at = arrived.parse().unwrap();
            let facts = Facts::new(EventType::Unknown, Provider::Generic, "unparsed", "key", at);
            Report::undated(facts).accept(tenant, None, at).id
        };
        assert_eq!(id("2026-01-02T00:00:00Z"), id("2026-01-02T23:59:59.999Z"));
        assert_ne!(id("2026-01-02T23:59:59.999Z"), id("2026-01-03T00:00:00Z"));
        assert_eq!(id("2026-01-02T05:00:00Z").time().to_string(), "2026-01-02T00:00:00Z");
    }

    #[test]
    fn freshness_has_two_ends() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let (past, ahead) = (SignedDuration::from_secs(100), SignedDuration::from_secs(10));
        let fresh = |signed| is_fresh(at(signed), at(1000), past, ahead);
        assert_eq!([899, 900, 1010, 1011].map(fresh), [false, true, true, false]);
    }
}
