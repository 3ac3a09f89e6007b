//! Whether a webhook's receiver is slow.
//!
//! An invocation lasts as long as its slowest attempt. Ten receivers that take eight seconds for each delivery could
//! occupy all invocations of the deliveries queue, and the deliveries of all other webhooks would wait. So a webhook
//! that was slow recently gets its attempts from the invocations of the slow queue alone. This is stored, so that all
//! functions know of it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// An attempt that takes longer than this is slow (2 s). Reason: most receivers answer in 0.2 s. With 50 invocations
/// (the default), 25 deliveries per second that last 2 s each occupy all of them.
pub const SLOW_ATTEMPT: Duration = Duration::from_secs(2);
/// An attempt that takes at least this is slow if its job has waited for its turn in the slow queue (0.5 s). The mean
/// attempt of a tenant that uses more than its share of the places takes at least this, too. Reason: most receivers
/// answer in 0.2 s, and a receiver that answers quickly is no reason for a wait.
pub const UNHURRIED_ATTEMPT: Duration = Duration::from_millis(500);
/// Maximum wait in the slow queue that is no sign of a backlog (1 s). Reason: an ordinary job waits a few milliseconds,
/// or as long as a function takes to start.
const BACKLOG_AFTER: SignedDuration = SignedDuration::from_secs(1);
/// How long a webhook counts as slow after a slow attempt (2 min).
const SLOW_PERIOD: SignedDuration = SignedDuration::from_mins(2);
/// A slow attempt is recorded only when the recorded time ends in less than this (1 min). Reason: at most one write per
/// webhook and minute.
const MIN_EXTENSION: SignedDuration = SignedDuration::from_mins(1);

/// Whether a webhook's receiver was slow recently.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slowness {
    /// The webhook counts as slow until this time.
    pub until: Option<Timestamp>,
}

/// What to record about a slow attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlownessUpdate {
    /// The webhook counts as slow until this time.
    pub until: Timestamp,
    /// The write is skipped when the stored time is this or later.
    pub enough: Timestamp,
}

impl Slowness {
    /// Whether attempts are made from the slow queue.
    pub fn is_slow(self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// What to record about an attempt that was slow at `now`; `None` when the known time is late enough.
    pub fn found_slow(self, now: Timestamp) -> Option<SlownessUpdate> {
        let later = |by: SignedDuration| now.saturating_add(by).unwrap_or(Timestamp::MAX);
        let noted = SlownessUpdate { until: later(SLOW_PERIOD), enough: later(MIN_EXTENSION) };
        self.until.is_none_or(|until| until < noted.enough).then_some(noted)
    }
}

/// After how long an attempt is slow, if its job has waited for so long in the slow queue. As long as the slow queue
/// has a backlog, its receivers stay there: in the other queues they would make everybody wait. A receiver that is
/// quick again leaves it.
pub fn slow_after(waited_in_slow_queue: Option<SignedDuration>) -> Duration {
    match waited_in_slow_queue {
        Some(waited) if waited > BACKLOG_AFTER => UNHURRIED_ATTEMPT,
        Some(_) | None => SLOW_ATTEMPT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn a_receiver_whose_jobs_pile_up_in_the_slow_queue_stays_there() {
        let after = |millis: i64| slow_after(Some(SignedDuration::from_millis(millis)));
        assert_eq!((after(1_000), after(1_001), slow_after(None)), (SLOW_ATTEMPT, UNHURRIED_ATTEMPT, SLOW_ATTEMPT));
    }

    #[test]
    fn is_remembered_for_two_minutes_and_noted_once_a_minute() {
        assert!(!Slowness::default().is_slow(at(0)));
        let noted = Slowness::default().found_slow(at(0)).unwrap();
        assert_eq!(noted, SlownessUpdate { until: at(120), enough: at(60) });
        let slowness = Slowness { until: Some(noted.until) };
        assert!(slowness.is_slow(at(119)) && !slowness.is_slow(at(120)));
        assert_eq!(slowness.found_slow(at(60)), None);
        assert_eq!(slowness.found_slow(at(61)).map(|noted| noted.until), Some(at(181)));
    }
}
