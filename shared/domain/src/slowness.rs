//! Whether a webhook's receiver is known to be quick.
//!
//! An invocation lasts as long as its slowest attempt. Ten receivers that take eight seconds for each delivery could
//! occupy all invocations of the deliveries queue, and the deliveries of all other webhooks would wait. An attempt that
//! has begun cannot be shortened. So a webhook gets its attempts from the invocations of the slow queue alone until its
//! receiver has answered quickly some times, and again after each slow attempt. This is stored, so that all functions
//! know of it.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

/// An attempt that takes longer than this is slow (2 s). Reason: most receivers answer in 0.2 s. With 50 invocations
/// (the default), 25 deliveries per second that last 2 s each occupy all of them.
pub const SLOW_ATTEMPT: Duration = Duration::from_secs(2);
/// An attempt that takes at least this is slow if its job has waited for its turn in the slow queue (0.5 s). The mean
/// attempt of a tenant that uses more than its share of the places takes at least this, too. Reason: most receivers
/// answer in 0.2 s, and a receiver that answers quickly is no reason for a wait.
pub const UNHURRIED_ATTEMPT: Duration = Duration::from_millis(500);
/// An attempt that takes less than this is quick (1 s).
pub const QUICK_ATTEMPT: Duration = Duration::from_secs(1);
/// Number of quick attempts in a row after which a receiver is known to be quick. Reason: a receiver that is quick and
/// slow by turns must not pass, and each costs a write once in a webhook's life.
pub const QUICK_ATTEMPTS_NEEDED: u32 = 5;
/// Maximum wait in the slow queue that is no sign of a backlog (1 s). Reason: an ordinary job waits a few milliseconds,
/// or as long as a function takes to start.
const BACKLOG_AFTER: SignedDuration = SignedDuration::from_secs(1);
/// How long quick attempts do not count after a slow attempt (2 min). Each relapse doubles it.
const SLOW_PERIOD: SignedDuration = SignedDuration::from_mins(2);
/// Maximum time for which quick attempts do not count (1 d), and after which relapses are forgotten. Reason: a tenant
/// with 500 webhooks that all become slow as often as this allows takes a place of the others a few times in a minute.
const MAX_SLOW_PERIOD: SignedDuration = SignedDuration::from_hours(24);
/// A slow attempt is recorded only when the recorded time ends in less than this (1 min). Reason: at most one write per
/// webhook and minute.
const MIN_EXTENSION: SignedDuration = SignedDuration::from_mins(1);

/// What is known of how quickly a webhook's receiver answers. Nothing is known of a new one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Slowness {
    /// The webhook counts as slow until this time.
    pub until: Option<Timestamp>,
    /// Quick attempts in a row, counted until there are [`QUICK_ATTEMPTS_NEEDED`].
    pub quick_attempts: u32,
    /// How often the receiver became slow after it was known to be quick.
    pub relapses: u32,
}

/// What to record about a webhook that counts as slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlownessUpdate {
    /// The webhook counts as slow until this time.
    pub until: Timestamp,
    /// The write is skipped when the stored time is this or later, unless the receiver is known to be quick.
    pub enough: Timestamp,
    /// How often the receiver became slow after it was known to be quick.
    pub relapses: u32,
    /// Whether quick attempts are counted anew.
    pub forgets_quick_attempts: bool,
}

impl Slowness {
    /// Whether attempts are made from the slow queue alone.
    pub fn needs_slow_queue(self, now: Timestamp) -> bool {
        self.counts_as_slow(now) || !self.is_known_quick()
    }

    /// What to record about an attempt that was slow at `now`; `None` when what is known is enough.
    pub fn found_slow(self, now: Timestamp) -> Option<SlownessUpdate> {
        let is_forgotten = self.until.is_some_and(|until| now.duration_since(until) > MAX_SLOW_PERIOD);
        let before = if is_forgotten { 0 } else { self.relapses };
        let relapses = before.saturating_add(u32::from(self.is_known_quick()));
        let doublings = relapses.saturating_sub(1).min(16);
        let period = (SLOW_PERIOD * (1 << doublings)).min(MAX_SLOW_PERIOD);
        let update = SlownessUpdate { relapses, forgets_quick_attempts: true, ..self.slow_for(period, now) };
        (self.is_known_quick() || self.ends_before(update.enough)).then_some(update)
    }

    /// What to record when the webhook's jobs leave the places to others at `now`, however quick its receiver is;
    /// `None` when what is known is enough.
    pub fn gives_way(self, now: Timestamp) -> Option<SlownessUpdate> {
        let update = self.slow_for(SLOW_PERIOD, now);
        self.ends_before(update.enough).then_some(update)
    }

    /// Whether a quick attempt at `now` is to be counted.
    pub fn counts_quick_attempt(self, now: Timestamp) -> bool {
        !self.is_known_quick() && !self.counts_as_slow(now)
    }

    fn is_known_quick(self) -> bool {
        self.quick_attempts >= QUICK_ATTEMPTS_NEEDED
    }

    fn counts_as_slow(self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    fn ends_before(self, enough: Timestamp) -> bool {
        self.until.is_none_or(|until| until < enough)
    }

    fn slow_for(self, period: SignedDuration, now: Timestamp) -> SlownessUpdate {
        let later = |by: SignedDuration| now.saturating_add(by).unwrap_or(Timestamp::MAX);
        SlownessUpdate {
            until: later(period),
            enough: later(MIN_EXTENSION),
            relapses: self.relapses,
            forgets_quick_attempts: false,
        }
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

    const QUICK: Slowness = Slowness { until: None, quick_attempts: QUICK_ATTEMPTS_NEEDED, relapses: 0 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    /// The state after an update is written.
    fn after(slowness: Slowness, update: SlownessUpdate) -> Slowness {
        let quick_attempts = if update.forgets_quick_attempts { 0 } else { slowness.quick_attempts };
        Slowness { until: Some(update.until), quick_attempts, relapses: update.relapses }
    }

    #[test]
    fn a_receiver_whose_jobs_pile_up_in_the_slow_queue_stays_there() {
        let after = |millis: i64| slow_after(Some(SignedDuration::from_millis(millis)));
        assert_eq!((after(1_000), after(1_001), slow_after(None)), (SLOW_ATTEMPT, UNHURRIED_ATTEMPT, SLOW_ATTEMPT));
    }

    #[test]
    fn a_new_receiver_needs_the_slow_queue_until_it_was_quick_five_times() {
        for quick_attempts in 0..QUICK_ATTEMPTS_NEEDED {
            let slowness = Slowness { quick_attempts, ..Slowness::default() };
            assert!(slowness.needs_slow_queue(at(0)) && slowness.counts_quick_attempt(at(0)));
        }
        assert!(!QUICK.needs_slow_queue(at(0)) && !QUICK.counts_quick_attempt(at(0)));
    }

    #[test]
    fn a_slow_attempt_is_noted_once_a_minute_and_quick_ones_count_again_after_two() {
        let slow = after(QUICK, QUICK.found_slow(at(0)).unwrap());
        assert_eq!(slow, Slowness { until: Some(at(120)), quick_attempts: 0, relapses: 1 });
        assert!(!slow.counts_quick_attempt(at(119)) && slow.counts_quick_attempt(at(120)));
        assert!(slow.needs_slow_queue(at(120)));
        assert_eq!(slow.found_slow(at(60)), None);
        assert_eq!(slow.found_slow(at(61)).map(|update| (update.until, update.relapses)), Some((at(181), 1)));
    }

    #[test]
    fn each_relapse_takes_twice_as_long_up_to_a_day_and_a_good_day_forgets_them() {
        let relapsed = |relapses: u32, until: i64, now: i64| {
            let known = Slowness { until: Some(at(until)), relapses, ..QUICK };
            let update = known.found_slow(at(now)).unwrap();
            (update.relapses, update.until.duration_since(at(now)).as_secs())
        };
        assert_eq!(relapsed(1, 0, 10), (2, 240));
        assert_eq!(relapsed(9, 0, 10), (10, 61_440));
        assert_eq!(relapsed(10, 0, 10), (11, 86_400));
        assert_eq!(relapsed(u32::MAX, 0, 10), (u32::MAX, 86_400));
        assert_eq!(relapsed(10, 0, 86_400), (11, 86_400));
        assert_eq!(relapsed(10, 0, 86_401), (1, 120));
    }

    #[test]
    fn who_gives_way_stays_known_as_quick() {
        let update = QUICK.gives_way(at(0)).unwrap();
        let giving_way = after(QUICK, update);
        assert_eq!((giving_way.relapses, giving_way.gives_way(at(60))), (0, None));
        assert!(giving_way.needs_slow_queue(at(119)) && !giving_way.needs_slow_queue(at(120)));
        // A slow attempt in that time is a relapse.
        assert_eq!(giving_way.found_slow(at(1)).map(|update| update.relapses), Some(1));
    }
}
