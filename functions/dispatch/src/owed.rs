//! What a record leads to. Pure.

use std::collections::HashMap;

use shared::event::Event;
use shared::id::{EventId, TenantId, WebhookId};
use shared::queue::job::{DispatchJob, FirstJobs, Job};
use shared::store::events::{event_named_by, is_of_newer_release};
use shared::store::{Readable, StoreError};
use shared::unknown_fields::UnknownFields;
use shared::webhook::{Subscriber, may_want};

use crate::failure::Reason;
use crate::record::Record;
use crate::shares::Shares;
use crate::webhooks::TenantWebhooks;

/// What a record leads to.
#[derive(Debug)]
pub(crate) enum Owed {
    /// One job for each of these webhooks.
    Jobs { event: EventId, jobs: FirstJobs, to: Vec<WebhookId> },
    /// This job, which `deliver` carries out when the tenant's webhooks can be read.
    Later(Job),
    /// This job, with which `deliver` sends the first jobs. Reason: there are too many of them for this room, or only a
    /// newer release can read the event.
    HandedOver(Job),
    /// A message for people: no release can read the record.
    Nothing(Reason),
}

/// What `record` leads to. `webhooks` has the webhooks of the record's tenant, or `None` if they could not be read.
/// `shares` has what each tenant's records before this one led to.
pub(crate) fn owed(record: &Record, webhooks: &HashMap<TenantId, Option<TenantWebhooks>>, shares: &mut Shares) -> Owed {
    let event = match &record.event {
        Ok(event) => event,
        Err(error) => return unreadable(record, error),
    };
    let Some(Some(webhooks)) = webhooks.get(&event.tenant) else {
        return Owed::Later(Job::Dispatch(DispatchJob::of(event)));
    };
    let to: Vec<_> = webhooks.iter().filter_map(|entry| receiver_of(entry, event)).collect();
    let jobs = FirstJobs::of(event);
    if shares.take(event.tenant, to.len(), jobs.bytes()) {
        Owed::Jobs { event: event.id, jobs, to }
    } else {
        Owed::HandedOver(Job::Dispatch(DispatchJob::of(event)))
    }
}

/// What a record leads to that this release cannot read. The `dispatch` job of an event of a newer release is parked
/// until such a release carries it out: the shard goes on, and nobody has to look.
fn unreadable(record: &Record, error: &StoreError) -> Owed {
    match event_named_by(&record.pk, &record.sk).filter(|_| is_of_newer_release(error)) {
        Some((tenant, event)) => {
            let unknown = UnknownFields::default();
            Owed::HandedOver(Job::Dispatch(DispatchJob { tenant, event, after: None, unknown }))
        }
        None => Owed::Nothing(Reason::Unreadable),
    }
}

/// The webhook, if `event` is owed to it. A webhook that this release cannot read may want the event, so it gets a job,
/// which waits in `deliver` until the webhook can be read.
fn receiver_of(entry: &Readable<Subscriber, WebhookId>, event: &Event) -> Option<WebhookId> {
    match entry {
        Readable::Read(subscriber) => subscriber.wants(event).then_some(subscriber.id),
        Readable::Unreadable(id) => may_want(*id, event).then_some(*id),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use shared::breaker::ClosedReason;
    use shared::dialect::Dialect;
    use shared::event::{About, EventType, Facts, What};
    use shared::provider::Provider;
    use shared::webhook::{Subscription, WantedTypes};

    use super::*;

    const NOW: jiff::Timestamp = jiff::Timestamp::UNIX_EPOCH;

    fn tenant() -> TenantId {
        TenantId::mint(NOW, [1; 10])
    }

    fn event(event_type: EventType) -> Event {
        let facts = Facts::new(event_type, Provider::Own, event_type.as_str(), "k", NOW);
        Event::accept(facts, tenant(), None, NOW)
    }

    fn record(event: Result<Event, StoreError>) -> Record {
        Record { sequence_number: "1".to_owned(), pk: "p".to_owned(), sk: "s".to_owned(), event }
    }

    fn webhook(number: u8, types: WantedTypes) -> Subscriber {
        Subscriber {
            id: WebhookId::mint(NOW, [number; 10]),
            subscription: Subscription { types, sources: BTreeSet::default(), domains: BTreeSet::default() },
            dialect: Some(Dialect::Standard),
        }
    }

    fn to(event: Event, webhooks: &[Subscriber]) -> Vec<WebhookId> {
        let known = HashMap::from([(tenant(), Some(Arc::new(webhooks.iter().cloned().map(Readable::Read).collect())))]);
        match owed(&record(Ok(event)), &known, &mut Shares::default()) {
            Owed::Jobs { to, .. } => to,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_job_for_each_webhook_that_wants_the_event() {
        let only_bounces = WantedTypes::Only([EventType::Bounced].into());
        let webhooks = [webhook(1, WantedTypes::All), webhook(2, only_bounces)];
        assert_eq!(to(event(EventType::Bounced), &webhooks), [webhooks[0].id, webhooks[1].id]);
        assert_eq!(to(event(EventType::Opened), &webhooks), [webhooks[0].id]);
    }

    /// The filter of the stream keeps such an event back. If the filter is wrong, still no webhook gets the event.
    #[test]
    fn nobody_wants_what_could_not_be_read() {
        assert!(to(event(EventType::Unparsed), &[webhook(1, WantedTypes::All)]).is_empty());
    }

    #[test]
    fn operational_events_go_to_webhooks_that_name_them_and_not_to_the_one_they_are_about() {
        let closed = WantedTypes::Only([EventType::WebhookClosed].into());
        let webhooks = [
            webhook(1, closed.clone()),
            webhook(2, closed),
            webhook(3, WantedTypes::AllAnd([EventType::WebhookClosed].into())),
            webhook(4, WantedTypes::AllAnd([EventType::WebhookOpened].into())),
            webhook(5, WantedTypes::All),
        ];
        let what = What::Closed { since: NOW, reason: ClosedReason::Recovered };
        let about = About { webhook: webhooks[0].id, description: String::new(), what };
        let closed = Event::accept(Facts::of_change(about, "k", NOW), tenant(), None, NOW);
        assert_eq!(to(closed, &webhooks), [webhooks[1].id, webhooks[2].id]);
        assert_eq!(to(event(EventType::Opened), &webhooks).len(), 3, "`*`, and what is named next to it");
    }

    #[test]
    fn a_webhook_of_an_unknown_dialect_gets_what_its_subscription_names() {
        let newer = |number, types| Subscriber { dialect: None, ..webhook(number, types) };
        let webhooks = [newer(1, WantedTypes::All), newer(2, WantedTypes::Only([EventType::Bounced].into()))];
        assert_eq!(to(event(EventType::Bounced), &webhooks), [webhooks[0].id, webhooks[1].id]);
        assert_eq!(to(event(EventType::Opened), &webhooks), [webhooks[0].id]);
        let what = What::Closed { since: NOW, reason: ClosedReason::Recovered };
        let about = About { webhook: webhook(3, WantedTypes::All).id, description: String::new(), what };
        assert!(to(Event::accept(Facts::of_change(about, "k", NOW), tenant(), None, NOW), &webhooks).is_empty());
    }

    #[test]
    fn a_webhook_that_cannot_be_read_gets_every_event_of_an_email_and_the_others_get_theirs() {
        let (unreadable, bounces) =
            (webhook(1, WantedTypes::All), webhook(2, WantedTypes::Only([EventType::Bounced].into())));
        let known = vec![Readable::Unreadable(unreadable.id), Readable::Read(bounces.clone())];
        let known = HashMap::from([(tenant(), Some(Arc::new(known)))]);
        let to = |event| match owed(&record(Ok(event)), &known, &mut Shares::default()) {
            Owed::Jobs { to, .. } => to,
            other => panic!("{other:?}"),
        };
        assert_eq!(to(event(EventType::Bounced)), [unreadable.id, bounces.id]);
        assert_eq!(to(event(EventType::Opened)), [unreadable.id]);
        assert!(to(event(EventType::Unparsed)).is_empty());
        let what = What::Closed { since: NOW, reason: ClosedReason::Recovered };
        let about = About { webhook: unreadable.id, description: String::new(), what };
        assert!(to(Event::accept(Facts::of_change(about, "k", NOW), tenant(), None, NOW)).is_empty());
    }

    #[test]
    fn what_cannot_be_read_is_handed_over() {
        let unreadable = record(Err(StoreError::unreadable("on purpose")));
        assert!(matches!(
            owed(&unreadable, &HashMap::new(), &mut Shares::default()),
            Owed::Nothing(Reason::Unreadable)
        ));
        let readable = record(Ok(event(EventType::Opened)));
        let unread = HashMap::from([(tenant(), None)]);
        let Owed::Later(Job::Dispatch(job)) = owed(&readable, &unread, &mut Shares::default()) else {
            panic!("not handed over")
        };
        assert_eq!((job.tenant, Some(job.event)), (tenant(), readable.event.ok().map(|event| event.id)));
    }
}
