//! Whether a webhook's receiver takes its time.
//!
//! An invocation lasts as long as its slowest attempt. Ten receivers that take eight seconds for each delivery would
//! have all invocations of the deliveries queue in their hands, and everybody else would wait for one to come free. So
//! what was slow lately is attempted in the invocations of the retries queue alone. Pure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// An attempt that takes longer is slow (2 s). Most receivers answer in a tenth of it, and of the invocations that the
/// deliveries queue has by default, 25 broken deliveries a second can hold this long no more than all.
pub const SLOW: Duration = Duration::from_secs(2);
/// How long a webhook counts as slow after a slow attempt (2 min).
const REMEMBERED: SignedDuration = SignedDuration::from_mins(2);
/// A slow attempt is noted again only when what was noted ends in less than this (1 min): one write a minute.
const WORTH_NOTING: SignedDuration = SignedDuration::from_mins(1);

/// Whether a webhook's receiver was slow lately.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slowness {
    /// Until when it counts as slow.
    pub until: Option<Timestamp>,
}

/// What is to be noted of a slow attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noted {
    /// The webhook counts as slow until then,
    pub until: Timestamp,
    /// unless somebody has noted this much already.
    pub enough: Timestamp,
}

impl Slowness {
    /// Whether first attempts go by the retries queue.
    pub fn is_slow(self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// What to note of an attempt that is found slow at `now`; nothing while enough is known.
    pub fn found_slow(self, now: Timestamp) -> Option<Noted> {
        let later = |by: SignedDuration| now.saturating_add(by).unwrap_or(Timestamp::MAX);
        let noted = Noted { until: later(REMEMBERED), enough: later(WORTH_NOTING) };
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
        assert_eq!(noted, Noted { until: at(120), enough: at(60) });
        let slowness = Slowness { until: Some(noted.until) };
        assert!(slowness.is_slow(at(119)) && !slowness.is_slow(at(120)));
        assert_eq!(slowness.found_slow(at(60)), None);
        assert_eq!(slowness.found_slow(at(61)).map(|noted| noted.until), Some(at(181)));
    }
}
