//! Does in the queues what a batch led to, in as few calls as possible, and reads every result.

use jiff::{SignedDuration, Timestamp};
use shared::queue::job::{Deliver as DeliverJob, Job};
use shared::queue::{EntryFailed, Hidden, MAX_DELAY_SECONDS, MAX_HOP_SECONDS, Outgoing, Queue, RETENTION};

use crate::message::From;
use crate::{Deliver, Next, Received};

/// Maximum age of a message at the end of a hop: half of SQS's retention of 14 days. Reason: the other half is for times in
/// which no function runs.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(RETENTION.as_hours() / 2);
/// The longest hop.
const MAX_HOP: SignedDuration = SignedDuration::from_secs(MAX_HOP_SECONDS as i64);

/// Messages for one queue, each with the received message that it belongs to.
#[derive(Default)]
struct Mail {
    messages: Vec<Outgoing>,
    belongs_to: Vec<usize>,
}

/// Performs what became of each message; answers the ids of those that must not be deleted.
pub(crate) async fn perform(
    received: &[Received],
    nexts: Vec<Next>,
    room: &Deliver,
    started: Timestamp,
) -> Vec<String> {
    let now = room.clock.now();
    let mut keep = vec![false; received.len()];
    let (mut to_retries, mut to_dead_letters, mut to_deliveries) = (Mail::default(), Mail::default(), Mail::default());
    let mut hidden = Vec::new();
    for (index, (message, next)) in received.iter().zip(nexts).enumerate() {
        match (next, message.from) {
            (Next::Finish, _) => {}
            (Next::ComeBack, _) => keep[index] = true,
            (Next::Wait { until }, From::Retries) if is_hidden(message.sent_at, until, now) => {
                keep[index] = true;
                hidden.push(Hidden { receipt: message.receipt.clone(), seconds: hop(until, now, started) });
            }
            (Next::Wait { until }, _) => to_retries.add(index, waiting(message, until, now)),
            (Next::WaitInLine { job, until }, _) => to_retries.add(index, in_line(*job, until, now)),
            (Next::Bury(letter), _) => to_dead_letters.add(index, letter),
            (Next::Forward(messages), _) => messages.into_iter().for_each(|one| to_deliveries.add(index, one)),
        }
    }
    // What could not be hidden comes back when its visibility ends, reads its row, and is hidden again.
    for failure in room.retries_queue.hide(&hidden).await.into_iter().filter_map(Result::err) {
        log(&failure);
    }
    to_retries.send(&room.retries_queue, &mut keep).await;
    to_dead_letters.send(&room.dead_letter_queue, &mut keep).await;
    to_deliveries.send(&room.deliveries_queue, &mut keep).await;
    received.iter().zip(keep).filter(|(_, keep)| *keep).map(|(message, _)| message.id.clone()).collect()
}

impl Mail {
    fn add(&mut self, belongs_to: usize, message: Outgoing) {
        self.messages.push(message);
        self.belongs_to.push(belongs_to);
    }

    /// Sends it; a received message of which anything could not be sent is kept.
    async fn send(self, queue: &Queue, keep: &mut [bool]) {
        for (result, index) in queue.send(&self.messages).await.into_iter().zip(self.belongs_to) {
            if let Err(failure) = result {
                log(&failure);
                keep[index] = true;
            }
        }
    }
}

fn log(failure: &EntryFailed) {
    tracing::error!(error.code = failure.code, "{failure}");
}

/// The same job for the retries queue.
fn waiting(message: &Received, until: Timestamp, now: Timestamp) -> Outgoing {
    // The group of a message that was moved by hand may be missing; the job knows its webhook.
    let group = Job::from_json(&message.body).map(|job| job.group()).unwrap_or_default();
    Outgoing { body: message.body.clone(), group, delay_seconds: delay(until, now), attributes: Vec::new() }
}

/// The job with its slot for the retries queue.
fn in_line(job: DeliverJob, until: Timestamp, now: Timestamp) -> Outgoing {
    Outgoing { delay_seconds: delay(until, now), ..Outgoing::now(&Job::Deliver(job)) }
}

/// As long as SQS delays a message; what comes back early waits again.
fn delay(until: Timestamp, now: Timestamp) -> u16 {
    u16::try_from(seconds_until(until, now)).unwrap_or(MAX_DELAY_SECONDS).min(MAX_DELAY_SECONDS)
}

/// Whether a message of the retries queue is hidden rather than sent anew.
///
/// It is sent anew when the wait is within SQS's longest delay: what is hidden is in flight, of which a queue has 120,000
/// at most, and a receiver that fails 1,000 times a second would use these up before its breaker may open. A delayed
/// message is not in flight, and costs the same. It is sent anew also when it would grow too old: SQS deletes a message at
/// the end of its retention, hidden or not, and the delivery would wait for ever.
fn is_hidden(sent_at: Option<Timestamp>, until: Timestamp, now: Timestamp) -> bool {
    let grows_old = sent_at.is_some_and(|sent_at| {
        let end_of_hop = until.min(now.saturating_add(MAX_HOP).unwrap_or(Timestamp::MAX));
        end_of_hop.duration_since(sent_at) > MAX_AGE
    });
    seconds_until(until, now) > u32::from(MAX_DELAY_SECONDS) && !grows_old
}

/// How long a message of the retries queue is hidden from now: SQS counts its 12 hours from the receive.
fn hop(until: Timestamp, now: Timestamp, received_at: Timestamp) -> u32 {
    let spent = u32::try_from(now.duration_since(received_at).as_secs()).unwrap_or(0);
    seconds_until(until, now).min(MAX_HOP_SECONDS.saturating_sub(spent))
}

/// Rounded up: a message that comes back too early costs a receive and a read.
fn seconds_until(until: Timestamp, now: Timestamp) -> u32 {
    let rest = until.duration_since(now).max(SignedDuration::ZERO);
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
            let hop = i64::from(hop(now + SignedDuration::from_secs(rest), now, received_at));
            prop_assert!(spent + hop <= 43_200);
            prop_assert!(hop <= rest.max(0));
            prop_assert!(hop == rest.max(0) || hop >= 42_900);
        }
    }

    #[test]
    fn what_waits_long_is_hidden_unless_its_message_would_be_older_than_a_week() {
        let week = MAX_AGE.as_secs();
        let hidden = |until, now| is_hidden(Some(at(0)), at(until), at(now));
        assert!(!hidden(900, 0) && hidden(901, 0));
        assert!(hidden(week, week - 1_000) && !hidden(week + 1, week - 1_000));
        // Of a longer wait the next hop counts.
        let hop = i64::from(MAX_HOP_SECONDS);
        assert!(hidden(2 * week, week - hop) && !hidden(2 * week, week - hop + 1));
        assert!(is_hidden(None, at(901), at(0)));
    }

    #[test]
    fn fractions_round_up() {
        assert_eq!(seconds_until(at(1) + SignedDuration::from_millis(1), at(0)), 2);
        assert_eq!(seconds_until(at(0), at(5)), 0);
    }
}
