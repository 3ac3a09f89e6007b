//! How long events and deliveries are kept, and when what waits or is held for too long ends.

use jiff::{SignedDuration, Timestamp};

use crate::delivery::DeliveryState;

/// Minimum of the retention, in days. Reason: a sender repeats a post for a day or more, and the repeat must meet the
/// event's row.
pub const MIN_DAYS: u32 = 2;
/// Maximum of the retention, in days: ten years.
pub const MAX_DAYS: u32 = 3650;
/// Time for which an event is stored longer than the retention (2 d). Reason: a delivery may be held a day and a half
/// after its event was accepted, and still has its event until the hold ends, without a write of the event's row.
const SPARE: SignedDuration = SignedDuration::from_hours(48);
/// Time for which an event is stored after its delivery is due or its hold ends (12 h). Reason: the sweep runs every
/// hour, and its jobs may have to wait.
const MARGIN: SignedDuration = SignedDuration::from_hours(12);

/// How long events and finished deliveries are kept, and how long a delivery may be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention(SignedDuration);

impl Retention {
    /// A retention of this many days.
    pub fn of_days(days: u32) -> Self {
        Self(SignedDuration::from_hours(24 * i64::from(days)))
    }

    /// Whether an event that occurred at `occurred_at` is older than the retention. The row of a repeated event may be
    /// gone, so a post with such an event could be a replay.
    pub fn has_ended(self, occurred_at: Timestamp, now: Timestamp) -> bool {
        later(occurred_at, self.0) < now
    }

    /// Until when the row of an event that was accepted at `accepted_at` is stored, unless a delivery needs it longer.
    pub fn end_of_event(self, accepted_at: Timestamp) -> Timestamp {
        later(accepted_at, self.0 + SPARE)
    }

    /// Until when the row of a delivery is stored that gets `state` at `now`. `None` for a delivery that is still owed:
    /// its row is stored until the delivery has ended.
    pub fn end_of_delivery(self, state: DeliveryState, now: Timestamp) -> Option<Timestamp> {
        match state {
            DeliveryState::Waiting { .. } | DeliveryState::Held => None,
            DeliveryState::Delivered | DeliveryState::Dead { .. } | DeliveryState::Discarded => {
                Some(later(now, self.0))
            }
        }
    }

    /// Whether a delivery that is held since `held_since` has been held for as long as it may be.
    pub fn ends_hold(self, held_since: Timestamp, now: Timestamp) -> bool {
        held_since <= self.latest_ended_hold(now)
    }

    /// What was held at this time or before, and is still held, has been held for as long as it may be.
    pub fn latest_ended_hold(self, now: Timestamp) -> Timestamp {
        now.saturating_sub(self.0).unwrap_or(Timestamp::MIN)
    }

    /// Until when the row of an event must be stored from now on, because a delivery of the event gets `state` at
    /// `now`. `None` if the row is stored long enough. Without `accepted_at`, the row may have to be stored longer.
    pub fn prolonged_end(
        self,
        accepted_at: Option<Timestamp>,
        state: DeliveryState,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let needed = match state {
            DeliveryState::Waiting { next_attempt_at } => next_attempt_at,
            DeliveryState::Held => later(now, self.0),
            DeliveryState::Delivered | DeliveryState::Dead { .. } | DeliveryState::Discarded => return None,
        };
        let needed = later(needed, MARGIN);
        let is_stored = accepted_at.is_some_and(|accepted_at| needed <= self.end_of_event(accepted_at));
        (!is_stored).then_some(needed)
    }
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::delivery::DeadReason;
    use crate::retry::MAX_TOTAL_SECONDS;

    const HOUR: i64 = 3600;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn an_event_outlives_what_is_held_soon_after_its_acceptance_without_another_write() {
        let retention = Retention::of_days(30);
        let held = |hours: i64| retention.prolonged_end(Some(at(0)), DeliveryState::Held, at(hours * HOUR));
        assert_eq!(held(36), None);
        assert_eq!(held(37), Some(at((37 + 30 * 24 + 12) * HOUR)));
        // Nobody knows when the event was accepted.
        assert_eq!(retention.prolonged_end(None, DeliveryState::Held, at(0)), Some(at((30 * 24 + 12) * HOUR)));
    }

    #[test]
    fn no_schedule_needs_another_write_of_its_event_unless_the_retention_is_shorter() {
        let last = i64::from(MAX_TOTAL_SECONDS) + 22 * HOUR;
        let waiting = DeliveryState::Waiting { next_attempt_at: at(last) };
        assert_eq!(Retention::of_days(13).prolonged_end(Some(at(0)), waiting, at(0)), None);
        assert_eq!(Retention::of_days(2).prolonged_end(Some(at(0)), waiting, at(0)), Some(at(last + 12 * HOUR)));
    }

    proptest! {
        #[test]
        fn what_is_owed_keeps_its_row_and_its_event(days in MIN_DAYS..60, age in 0..100 * 24 * HOUR, wait in 0..14 * 24 * HOUR) {
            let (retention, now) = (Retention::of_days(days), at(age));
            for (state, end) in [
                (DeliveryState::Held, now + SignedDuration::from_hours(24 * i64::from(days))),
                (DeliveryState::Waiting { next_attempt_at: at(age + wait) }, at(age + wait)),
            ] {
                prop_assert_eq!(retention.end_of_delivery(state, now), None);
                let stored = retention.prolonged_end(Some(at(0)), state, now).unwrap_or_else(|| retention.end_of_event(at(0)));
                prop_assert!(stored >= end + MARGIN);
            }
            for state in [DeliveryState::Delivered, DeliveryState::Discarded, DeliveryState::Dead { reason: DeadReason::Gone }] {
                prop_assert!(retention.end_of_delivery(state, now).is_some());
                prop_assert_eq!(retention.prolonged_end(None, state, now), None);
            }
            prop_assert!(retention.ends_hold(at(age) - retention.0, now));
            prop_assert!(!retention.ends_hold(at(age + 1) - retention.0, now));
        }
    }
}
