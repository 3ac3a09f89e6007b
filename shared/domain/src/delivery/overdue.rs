//! Waiting deliveries that are overdue: their message was lost, because nothing else keeps a due message away for so
//! long.

use jiff::{SignedDuration, Timestamp};

use crate::queue_limits::RETENTION;

/// Maximum wait that is not in the index of the deliveries table (15 min). Reason: most waits are shorter, and an entry
/// in the index costs two writes. Only waits in the index are guarded against the loss of their message.
const LONGEST_UNGUARDED_WAIT: SignedDuration = SignedDuration::from_mins(15);
/// Time after which a delivery that is due counts as overdue (1 h). Reason: this is many times the visibility timeout
/// of its message.
const OVERDUE_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// Time from the waking of an overdue delivery to its next attempt (16 min). Reason: the wait is in the index, so a
/// delivery that was woken and whose job was not sent is found again.
const WOKEN_WAIT: SignedDuration = SignedDuration::from_mins(16);

/// Whether a wait from `now` until `next_attempt_at` is guarded: the sweep finds it if its message is lost.
pub fn is_guarded(next_attempt_at: Timestamp, now: Timestamp) -> bool {
    next_attempt_at.duration_since(now) > LONGEST_UNGUARDED_WAIT
}

/// Deliveries that were due at this time or before are overdue.
///
/// A job that waits for a slot of a rate limit is not lost. `line_end` is when the last claimed slot of the webhook
/// begins. While the line lasts, only what was due for longer than SQS keeps a message is overdue: a job that was woken
/// without need would lose its place in the line.
pub fn latest_overdue(line_end: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let latest = earlier(now, OVERDUE_AFTER);
    let has_line = line_end.is_some_and(|end| end > latest);
    if has_line { earlier(now, RETENTION) } else { latest }
}

/// When a delivery that is woken at `now` is attempted.
pub fn woken_until(now: Timestamp) -> Timestamp {
    now.saturating_add(WOKEN_WAIT).unwrap_or(Timestamp::MAX)
}

fn earlier(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.saturating_sub(by).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + 60 * minutes).unwrap()
    }

    #[test]
    fn only_long_waits_are_guarded_and_so_is_what_was_woken() {
        assert!(!is_guarded(at(15), at(0)) && is_guarded(at(16), at(0)));
        assert!(is_guarded(woken_until(at(0)), at(0)));
    }

    #[test]
    fn a_line_of_a_rate_limit_is_no_loss() {
        assert_eq!(latest_overdue(None, at(0)), at(-60));
        assert_eq!(latest_overdue(Some(at(-60)), at(0)), at(-60));
        assert_eq!(latest_overdue(Some(at(-59)), at(0)), at(-14 * 24 * 60));
    }
}
