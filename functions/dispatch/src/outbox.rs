//! Sends what the records of a batch lead to, in portions and in the order of the records. Stops at the first record
//! whose messages were not all confirmed: the stream replays the batch from that record.

use std::mem::take;

use jiff::{SignedDuration, Timestamp};
use shared::queue::{EntryFailed, Outgoing, Queue};

use crate::Dispatch;
use crate::failure::{self, Reason};
use crate::owed::Owed;
use crate::portion::{For, Portion};
use crate::record::Record;

/// Time that the invocation must have left before a portion is sent. Reason: a portion takes well under a second, and a
/// call that the SDK repeats takes at most 8 s.
const MIN_TIME_LEFT: SignedDuration = SignedDuration::from_secs(10);
/// Delay, in seconds, of the job of an event whose tenant's webhooks cannot be read. Reason: throttling of one tenant
/// is often over by then, and each earlier receive would only add to the load.
const UNREADABLE_TENANT_DELAY_SECONDS: u16 = 10;

/// The position of the record from which the batch must be replayed.
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
    /// An empty outbox for an invocation that ends at `deadline`.
    pub(crate) fn new(records: &'r [Record], deadline: Timestamp, room: &'r Dispatch) -> Self {
        let (jobs, failures) = (Portion::default(), Portion::default());
        Self { records, room, deadline, jobs, failures, confirmed: Vec::new() }
    }

    /// Adds what the record at `index` leads to. Sends each portion that becomes full.
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
            Owed::HandedOver(job) => self.jobs.add(Outgoing::now(&job), whole),
            Owed::Later(job) => self.jobs.add(Outgoing::later(&job, UNREADABLE_TENANT_DELAY_SECONDS), whole),
            Owed::Nothing(reason) => self.failures.add(failure::message(&self.records[index], reason, None), whole),
        }
        self.send_if_full().await
    }

    /// Sends what is left.
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
        let refused = self.send_jobs(jobs, &mut failures).await;
        let failed = self.send_failures(failures).await;
        let from = refused.into_iter().chain(failed).min();
        from.map_or(Ok(()), |from| Err(self.replay_from(from)))
    }

    /// Sends jobs. Adds a message to `failures` for each job that SQS would refuse again. Returns the records of the
    /// other jobs that were not confirmed.
    async fn send_jobs(&mut self, jobs: Portion, failures: &mut Portion) -> Vec<From> {
        let room = self.room;
        let results = room.deliveries_queue.send(&jobs.messages).await;
        log(&room.deliveries_queue, &jobs, &results, self.records);
        let mut failed = Vec::new();
        for (result, sent_for) in results.into_iter().zip(jobs.sent_for) {
            match result {
                Ok(()) => self.confirmed.push(sent_for),
                Err(refused) if refused.is_at_fault => {
                    let webhook = sent_for.delivery.map(|(_, webhook)| webhook);
                    let record = &self.records[sent_for.record];
                    failures.add(failure::message(record, Reason::JobRefused, webhook), sent_for);
                }
                Err(_) => failed.push(sent_for.record),
            }
        }
        failed
    }

    /// Sends messages to the dispatch-failures queue. Returns the records whose messages were not confirmed.
    async fn send_failures(&self, failures: Portion) -> Vec<From> {
        let queue = &self.room.failures_queue;
        let results = queue.send(&failures.messages).await;
        log(queue, &failures, &results, self.records);
        let results = results.iter().zip(&failures.sent_for);
        results.filter(|(result, _)| result.is_err()).map(|(_, sent_for)| sent_for.record).collect()
    }

    /// Remembers the jobs that the replay need not send again.
    fn replay_from(&self, from: From) -> From {
        let again = self.confirmed.iter().filter(|sent_for| sent_for.record >= from);
        self.room.sent.remember(again.filter_map(|sent_for| sent_for.delivery));
        from
    }
}

/// Logs what the queue did not confirm, in one line for each record.
fn log(queue: &Queue, sent: &Portion, results: &[Result<(), EntryFailed>], records: &[Record]) {
    let results: Vec<_> = sent.sent_for.iter().zip(results).collect();
    // Messages of one record follow each other, except messages about refused jobs: these are added at the end.
    for of_record in results.chunk_by(|(sent_for, _), (other, _)| sent_for.record == other.record) {
        let unconfirmed = queue.unconfirmed(of_record.iter().map(|(_, result)| *result));
        if let (Some(unconfirmed), Some((sent_for, _))) = (unconfirmed, of_record.first()) {
            records[sent_for.record].span().in_scope(|| unconfirmed.log());
        }
    }
}
