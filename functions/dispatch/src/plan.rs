//! Which jobs a batch of records makes, and which records must be replayed when some of them could not be sent. Pure.

use std::collections::BTreeSet;

use shared::event::Event;
use shared::queue::job::Job;
use shared::queue::{EntryFailed, Outgoing};
use shared::webhook::Subscriber;

/// The jobs of a batch, each with the record that it is owed to.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    records: Vec<String>,
    jobs: Vec<Outgoing>,
    /// For each job the index of its record.
    owed_to: Vec<usize>,
    failed: BTreeSet<usize>,
}

impl Plan {
    /// Adds a record's event: one job for each webhook that wants it.
    pub(crate) fn add(&mut self, sequence_number: String, event: &Event, webhooks: &[Subscriber]) {
        let record = self.records.len();
        self.records.push(sequence_number);
        for webhook in webhooks.iter().filter(|webhook| webhook.wants(event)) {
            self.jobs.push(Outgoing::now(&Job::first(webhook.id, event)));
            self.owed_to.push(record);
        }
    }

    /// Adds a record that must be replayed whatever becomes of the others.
    pub(crate) fn fail(&mut self, sequence_number: String) {
        self.failed.insert(self.records.len());
        self.records.push(sequence_number);
    }

    /// All jobs, in the order of their records.
    pub(crate) fn jobs(&self) -> &[Outgoing] {
        &self.jobs
    }

    /// The sequence numbers of the records to replay, given one result for each job.
    pub(crate) fn failed_records(mut self, results: &[Result<(), EntryFailed>]) -> Vec<String> {
        for (result, record) in results.iter().zip(&self.owed_to) {
            if let Err(failure) = result {
                let sequence_number = &self.records[*record];
                tracing::error!(error.code = failure.code, record.sequence_number = sequence_number, "{failure}");
                self.failed.insert(*record);
            }
        }
        let failed = self.failed;
        self.records
            .into_iter()
            .enumerate()
            .filter(|(index, _)| failed.contains(index))
            .map(|(_, number)| number)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use shared::breaker::ClosedReason;
    use shared::dialect::Dialect;
    use shared::event::{About, EventType, Facts, What};
    use shared::id::{TenantId, WebhookId};
    use shared::provider::Provider;
    use shared::webhook::{Subscription, WantedTypes};

    use super::*;

    const NOW: jiff::Timestamp = jiff::Timestamp::UNIX_EPOCH;

    fn tenant() -> TenantId {
        TenantId::mint(NOW, [1; 10])
    }

    fn event(event_type: EventType, key: &str) -> Event {
        let facts = Facts::new(event_type, Provider::Own, event_type.as_str(), key, NOW);
        Event::accept(facts, tenant(), None, NOW)
    }

    fn webhook(number: u8, types: WantedTypes) -> Subscriber {
        Subscriber {
            id: WebhookId::mint(NOW, [number; 10]),
            subscription: Subscription { types, sources: BTreeSet::default(), domains: BTreeSet::default() },
            dialect: Dialect::Standard,
        }
    }

    fn failure() -> Result<(), EntryFailed> {
        Err(EntryFailed { operation: "SendMessageBatch", code: "InternalError".to_owned() })
    }

    #[test]
    fn one_job_for_each_webhook_that_wants_the_event() {
        let only_bounces = WantedTypes::Only([EventType::Bounced].into());
        let webhooks = [webhook(1, WantedTypes::All), webhook(2, only_bounces)];
        let mut plan = Plan::default();
        plan.add("1".into(), &event(EventType::Bounced, "a"), &webhooks);
        plan.add("2".into(), &event(EventType::Opened, "b"), &webhooks);
        assert_eq!(plan.jobs().len(), 3);
        assert!(plan.failed_records(&[Ok(()), Ok(()), Ok(())]).is_empty());
    }

    /// The stream's filter keeps it back already; should that ever be wrong, nobody gets it all the same.
    #[test]
    fn nobody_wants_what_could_not_be_read() {
        let mut plan = Plan::default();
        plan.add("1".into(), &event(EventType::Unparsed, "a"), &[webhook(1, WantedTypes::All)]);
        assert!(plan.jobs().is_empty());
    }

    #[test]
    fn operational_events_go_to_whoever_named_them_and_not_to_whom_they_are_about() {
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
        let wanting = webhooks.iter().filter(|webhook| webhook.wants(&closed)).map(|webhook| webhook.id);
        assert_eq!(wanting.collect::<Vec<_>>(), [webhooks[1].id, webhooks[2].id]);
        let reported = event(EventType::Opened, "a");
        let wanting = webhooks.iter().filter(|webhook| webhook.wants(&reported)).count();
        assert_eq!(wanting, 3, "`*`, whatever is named beside it");
    }

    #[test]
    fn a_failed_job_fails_its_record_only() {
        let webhooks = [webhook(1, WantedTypes::All), webhook(2, WantedTypes::All)];
        let mut plan = Plan::default();
        plan.add("1".into(), &event(EventType::Bounced, "a"), &webhooks);
        plan.fail("2".into());
        plan.add("3".into(), &event(EventType::Opened, "b"), &webhooks);
        plan.add("4".into(), &event(EventType::Opened, "c"), &[]);
        assert_eq!(plan.failed_records(&[Ok(()), Ok(()), failure(), Ok(())]), ["2", "3"]);
    }
}
