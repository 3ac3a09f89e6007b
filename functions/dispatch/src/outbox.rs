//! Sends what the records of a batch lead to, in portions and in their order, and stops at the first record that could
//! not be done: the stream replays from there.

use std::mem::take;

use jiff::{SignedDuration, Timestamp};
use shared::queue::{EntryFailed, Outgoing};

use crate::Dispatch;
use crate::failure::{self, Reason};
use crate::owed::Owed;
use crate::portion::{For, Portion};
use crate::record::Record;

/// What must be left of the invocation's time before a portion is sent: a portion takes well under a second, a call that
/// the SDK repeats a few.
const MIN_TIME_LEFT: SignedDuration = SignedDuration::from_secs(5);
/// For how many seconds the job of an event is delayed whose tenant's webhooks cannot be read. Reason: what throttles one
/// tenant is often over by then, and until then each receive would only add to it.
const UNREADABLE_TENANT_DELAY_SECONDS: u16 = 10;

/// The position of the record from which on the batch must be replayed.
type From = usize;

/// What is to be sent of a batch, and what was.
#[derive(Debug)]
pub(crate) struct Outbox<'r> {
    records: &'r [Record],
    room: &'r Dispatch,
    deadline: Timestamp,
    jobs: Portion,
    failures: Portion,
    confirmed: Vec<For>,
}

impl<'r> Outbox<'r> {
    /// An empty one for an invocation that ends at `deadline`.
    pub(crate) fn new(records: &'r [Record], deadline: Timestamp, room: &'r Dispatch) -> Self {
        let (jobs, failures) = (Portion::default(), Portion::default());
        Self { records, room, deadline, jobs, failures, confirmed: Vec::new() }
    }

    /// Adds what the record at `index` leads to. Full portions are sent on the way.
    pub(crate) async fn add(&mut self, index: usize, owed: Owed) -> Result<(), From> {
        let whole = For { record: index, delivery: None };
        match owed {
            Owed::Jobs { event, jobs, to } => {
                for webhook in to {
                    let sent_for = For { delivery: Some((event, webhook)), ..whole };
                    if self.room.sent.take(event, webhook) {
                        self.confirmed.push(sent_for);
                    } else {
                        self.jobs.add(Outgoing::first(&jobs, webhook), sent_for);
                        self.send_if_full().await?;
                    }
                }
            }
            Owed::Later(job) => self.jobs.add(Outgoing::later(&job, UNREADABLE_TENANT_DELAY_SECONDS), whole),
            Owed::Nothing(reason) => self.failures.add(failure::message(&self.records[index], reason, None), whole),
        }
        self.send_if_full().await
    }

    /// Sends the rest.
    pub(crate) async fn finish(mut self) -> Result<(), From> {
        self.send().await
    }

    async fn send_if_full(&mut self) -> Result<(), From> {
        if self.jobs.is_full() || self.failures.is_full() { self.send().await } else { Ok(()) }
    }

    async fn send(&mut self) -> Result<(), From> {
        let (jobs, mut failures) = (take(&mut self.jobs), take(&mut self.failures));
        let Some(first) = [jobs.first_record(), failures.first_record()].into_iter().flatten().min() else {
            return Ok(());
        };
        if self.room.clock.now().saturating_add(MIN_TIME_LEFT).is_ok_and(|end| end > self.deadline) {
            let left = self.records.len() - first;
            tracing::warn!("time is up with {left} of {} records to go", self.records.len());
            return Err(self.replay_from(first));
        }
        let mut failed = Vec::new();
        for (result, sent_for) in self.room.deliveries_queue.send(&jobs.messages).await.into_iter().zip(jobs.sent_for) {
            let record = &self.records[sent_for.record];
            match result {
                Ok(()) => self.confirmed.push(sent_for),
                Err(refused) if refused.is_at_fault => {
                    log(record, &refused);
                    let webhook = sent_for.delivery.map(|(_, webhook)| webhook);
                    failures.add(failure::message(record, Reason::JobRefused, webhook), sent_for);
                }
                Err(failure) => {
                    log(record, &failure);
                    failed.push(sent_for.record);
                }
            }
        }
        for (result, sent_for) in
            self.room.failures_queue.send(&failures.messages).await.into_iter().zip(failures.sent_for)
        {
            if let Err(failure) = result {
                log(&self.records[sent_for.record], &failure);
                failed.push(sent_for.record);
            }
        }
        failed.into_iter().min().map_or(Ok(()), |from| Err(self.replay_from(from)))
    }

    /// Remembers what the replay need not send again.
    fn replay_from(&self, from: From) -> From {
        let again = self.confirmed.iter().filter(|sent_for| sent_for.record >= from);
        self.room.sent.remember(again.filter_map(|sent_for| sent_for.delivery));
        from
    }
}

fn log(record: &Record, failure: &EntryFailed) {
    let number = &record.sequence_number;
    tracing::error!(error.code = failure.code, record.sequence_number = number, event.id = record.sk, "{failure}");
}
