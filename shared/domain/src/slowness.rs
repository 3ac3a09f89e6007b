//! Whether a webhook's receiver is slow.
//!
//! An invocation lasts as long as its slowest attempt. Ten receivers that take eight seconds for each delivery could
//! occupy all invocations of the deliveries queue, and the deliveries of all other webhooks would wait. So a webhook
//! that was slow recently gets its first attempts from the invocations of the retries queue alone.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// An attempt that takes longer than this is slow (2 s). Reason: most receivers answer in 0.2 s. With 50 invocations
/// (the default), 25 deliveries per second that last 2 s each occupy all of them.
pub const SLOW_ATTEMPT: Duration = Duration::from_secs(2);
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
    /// Whether first attempts are made from the retries queue.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
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
