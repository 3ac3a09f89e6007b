//! The stage `settle`: does in the queues what the batch led to, in as few calls as possible, and reads every result.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};
use shared::queue::job::{DeliverJob, Job};
use shared::queue::{Hidden, MAX_DELAY_SECONDS, MAX_HOP_SECONDS, Outgoing, Queue, RETENTION};

use crate::disposition::Disposition;
use crate::in_flight::InFlight;
use crate::message::ReceivedMessage;
use crate::park::{is_received_often, parked_until};
use crate::queues::{Queues, SourceQueue};

/// Maximum age of a message at the end of a hop: half of SQS's retention of 14 days. Reason: the other half is for
/// times in which no function runs.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(RETENTION.as_hours() / 2);
/// Maximum hop: the longest time for which a message is hidden at once.
const MAX_HOP: SignedDuration = SignedDuration::from_secs(MAX_HOP_SECONDS as i64);

/// Messages for one queue, each with the position of the received message that it belongs to.
#[derive(Default)]
struct Outbox {
    messages: Vec<Outgoing>,
    belongs_to: Vec<usize>,
}

/// Does what becomes of each message. Returns the ids of the messages that must not be deleted. The batch was received
/// at `received_at`.
pub(crate) async fn settle(
    received: &[ReceivedMessage],
    dispositions: Vec<Disposition>,
    queues: &Queues,
    in_flight: &InFlight,
    received_at: Timestamp,
    now: Timestamp,
) -> Vec<String> {
    let mut keep = vec![false; received.len()];
    let (mut to_retries, mut to_slow) = (Outbox::default(), Outbox::default());
    let (mut to_dead_letters, mut to_deliveries) = (Outbox::default(), Outbox::default());
    let mut waiting = Vec::new();
    for (index, (message, disposition)) in received.iter().zip(dispositions).enumerate() {
        match (disposition, message.source) {
            (Disposition::Delete, _) => {}
            (Disposition::Redeliver, _) => keep[index] = true,
            (Disposition::RetryAt { at }, SourceQueue::Retries) if may_be_hidden(message.sent_at, at, now) => {
                waiting.push((index, at));
            }
            // There was no time or no slot for the attempt. The job keeps its turn: from the retries queue it would be
            // sent to the slow queue once more, and never be attempted.
            (Disposition::RetryAt { at }, SourceQueue::Slow) if at <= now => {
                to_slow.add(index, same_job(message, at, now));
            }
            (Disposition::Requeue { job, at }, SourceQueue::Slow) => to_slow.add(index, with_slot(*job, at, now)),
            (Disposition::Park, source) => {
                let at = parked_until(message.sent_at, now);
                let is_hidden = source == SourceQueue::Retries && may_be_hidden(message.sent_at, at, now);
                if is_hidden && !is_received_often(message) {
                    waiting.push((index, at));
                } else {
                    to_retries.add(index, same_job(message, at, now));
                }
            }
            (Disposition::ToSlowQueue, _) => to_slow.add(index, same_job(message, now, now)),
            (Disposition::RetryAt { at }, _) => to_retries.add(index, same_job(message, at, now)),
            (Disposition::Requeue { job, at }, _) => to_retries.add(index, with_slot(*job, at, now)),
            (Disposition::DeadLetter(letter), _) => to_dead_letters.add(index, letter),
            (Disposition::Replace(messages), _) => messages.into_iter().for_each(|one| to_deliveries.add(index, one)),
        }
    }
    // The longest waits are hidden first: as delayed messages they would need the most messages.
    waiting.sort_by_key(|(_, at)| Reverse(*at));
    let allowed = in_flight.allow(waiting.len(), &queues.retries_queue, now).await;
    for (index, at) in waiting.split_off(allowed) {
        to_retries.add(index, same_job(&received[index], at, now));
    }
    let hidden = waiting.into_iter().map(|(index, at)| {
        keep[index] = true;
        let seconds = visibility_seconds(at, now, received_at);
        (index, Hidden { receipt: received[index].receipt.clone(), seconds })
    });
    hide(hidden.collect(), received, &queues.retries_queue).await;
    to_retries.send(received, &queues.retries_queue, &mut keep).await;
    to_slow.send(received, &queues.slow_queue, &mut keep).await;
    to_dead_letters.send(received, &queues.dead_letter_queue, &mut keep).await;
    to_deliveries.send(received, &queues.deliveries_queue, &mut keep).await;
    received.iter().zip(keep).filter(|(_, keep)| *keep).map(|(message, _)| message.id.clone()).collect()
}

impl Outbox {
    fn add(&mut self, belongs_to: usize, message: Outgoing) {
        self.messages.push(message);
        self.belongs_to.push(belongs_to);
    }

    /// Sends the messages. A received message is kept if anything that belongs to it could not be sent.
    async fn send(self, received: &[ReceivedMessage], queue: &Queue, keep: &mut [bool]) {
        let results = queue.send(&self.messages).await;
        let results: Vec<_> = self.belongs_to.into_iter().zip(results).collect();
        // What belongs to one received message was added at once, so its results follow each other.
        for of_one in results.chunk_by(|(index, _), (other, _)| index == other) {
            let unconfirmed = queue.unconfirmed(of_one.iter().map(|(_, result)| result));
            if let (Some(unconfirmed), Some((index, _))) = (unconfirmed, of_one.first()) {
                received[*index].span.in_scope(|| unconfirmed.log());
                keep[*index] = true;
            }
        }
    }
}

/// Hides messages of the retries queue, each given with its position in the batch. A message that could not be hidden
/// comes back when its visibility ends, reads its row, and is hidden again.
async fn hide(hidden: Vec<(usize, Hidden)>, received: &[ReceivedMessage], retries_queue: &Queue) {
    let (indexes, hidden): (Vec<_>, Vec<_>) = hidden.into_iter().unzip();
    for (index, result) in indexes.into_iter().zip(retries_queue.hide(&hidden).await) {
        if let Some(unconfirmed) = retries_queue.unconfirmed([&result]) {
            received[index].span.in_scope(|| unconfirmed.log());
        }
    }
}

/// The job of a received message, to be sent anew.
fn same_job(message: &ReceivedMessage, at: Timestamp, now: Timestamp) -> Outgoing {
    // A message that was moved by hand may have no group. The job knows its tenant.
    let group = Job::from_json(&message.body).map(|job| job.group()).unwrap_or_default();
    Outgoing { body: message.body.clone(), group, delay_seconds: delay(at, now), attributes: Vec::new() }
}

/// The job with its slot, to be sent anew.
fn with_slot(job: DeliverJob, at: Timestamp, now: Timestamp) -> Outgoing {
    Outgoing { delay_seconds: delay(at, now), ..Outgoing::now(&Job::Deliver(job)) }
}

/// The delay until `at`, or SQS's maximum delay. A job that comes back early waits again.
fn delay(at: Timestamp, now: Timestamp) -> u16 {
    u16::try_from(seconds_until(at, now)).unwrap_or(MAX_DELAY_SECONDS).min(MAX_DELAY_SECONDS)
}

/// Whether a message of the retries queue may be hidden, and need not be sent anew. To hide it is one call, to send it
/// anew and to delete it are two; and Lambda counts only what is sent as a step of a chain.
///
/// It is sent anew if it is due. Reason: each receive counts, and SQS moves a message that was received too often to
/// the dead-letter queue.
///
/// It is also sent anew if it would grow too old. Reason: SQS deletes a message at the end of its retention, hidden or
/// not, and the delivery would wait for ever.
fn may_be_hidden(sent_at: Option<Timestamp>, at: Timestamp, now: Timestamp) -> bool {
    let grows_old = sent_at.is_some_and(|sent_at| {
        let end_of_hop = at.min(now.saturating_add(MAX_HOP).unwrap_or(Timestamp::MAX));
        end_of_hop.duration_since(sent_at) > MAX_AGE
    });
    seconds_until(at, now) > 0 && !grows_old
}

/// For how long a message of the retries queue is hidden from now. SQS counts its maximum of 12 hours from the receive.
fn visibility_seconds(at: Timestamp, now: Timestamp, received_at: Timestamp) -> u32 {
    let spent = u32::try_from(now.duration_since(received_at).as_secs()).unwrap_or(0);
    seconds_until(at, now).min(MAX_HOP_SECONDS.saturating_sub(spent))
}

/// Rounded up: a message that comes back too early costs a receive and a read.
fn seconds_until(at: Timestamp, now: Timestamp) -> u32 {
    let rest = at.duration_since(now).max(SignedDuration::ZERO);
    u32::try_from((rest.as_millis() + 999) / 1000).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    proptest! {
        #[test]
        fn a_hop_is_never_refused_by_sqs_and_never_too_late(rest in -100_i64..200_000, spent in 0_i64..30) {
            let (received_at, now) = (at(1_000), at(1_000 + spent));
            let hop = i64::from(visibility_seconds(now + SignedDuration::from_secs(rest), now, received_at));
            prop_assert!(spent + hop <= 43_200);
            prop_assert!(hop <= rest.max(0));
            prop_assert!(hop == rest.max(0) || hop >= 42_900);
        }
    }

    #[test]
    fn what_waits_may_be_hidden_unless_its_message_would_be_older_than_a_week() {
        let week = MAX_AGE.as_secs();
        let hidden = |until, now| may_be_hidden(Some(at(0)), at(until), at(now));
        assert!(!hidden(0, 0) && hidden(1, 0));
        assert!(hidden(week, week - 1_000) && !hidden(week + 1, week - 1_000));
        // If the wait is longer than a hop, the end of the next hop counts.
        let hop = i64::from(MAX_HOP_SECONDS);
        assert!(hidden(2 * week, week - hop) && !hidden(2 * week, week - hop + 1));
        assert!(may_be_hidden(None, at(901), at(0)));
    }

    #[test]
    fn fractions_round_up() {
        assert_eq!(seconds_until(at(1) + SignedDuration::from_millis(1), at(0)), 2);
        assert_eq!(seconds_until(at(0), at(5)), 0);
    }
}
