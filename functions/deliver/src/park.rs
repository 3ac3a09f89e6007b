//! Parking: a job of a newer release waits in the retries queue, as it was received, until a release that knows it
//! receives it. It is neither an attempt nor an end, so a rollback costs time and no delivery.

use std::fmt::Display;

use jiff::{SignedDuration, Timestamp};

use crate::disposition::Disposition;
use crate::message::ReceivedMessage;

/// Minimum wait of a parked message (1 min). Reason: while functions are deployed one after the other, the newer one
/// is there within minutes.
const MIN_PARK: SignedDuration = SignedDuration::from_mins(1);
/// Maximum wait of a parked message (1 h). Reason: after an upgrade, what was parked is late by at most that much. Each
/// wait costs a receive and a call, so a shorter one would make a long rollback of many jobs dear.
const MAX_PARK: SignedDuration = SignedDuration::from_hours(1);
/// Maximum receives of a parked message (500). Reason: SQS moves a message of the retries queue to the dead-letter
/// queue after 1,000 receives. A message that is sent anew is counted from 0.
const MAX_RECEIVES: u32 = 500;

/// What becomes of a message that needs a newer release. Logs this once for each receive, in the current span.
pub(crate) fn parked(why: &dyn Display) -> Disposition {
    tracing::warn!("the message is parked: it is {why}");
    Disposition::Park
}

/// When a parked message is received again. It waits twice as long as it is old, so each wait is at least twice the
/// wait before. The age tells this both of a message that is hidden, and of one that was sent anew with a delay.
pub(crate) fn parked_until(sent_at: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let age = sent_at.map_or(SignedDuration::ZERO, |sent_at| now.duration_since(sent_at));
    let wait = age.saturating_mul(2).clamp(MIN_PARK, MAX_PARK);
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

/// Whether a parked message was received so often that it must be sent anew.
pub(crate) fn is_received_often(message: &ReceivedMessage) -> bool {
    message.receives >= MAX_RECEIVES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(sent_at: Option<i64>, now: i64) -> i64 {
        let at = |seconds| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds);
        parked_until(sent_at.map(at), at(now)).duration_since(at(now)).as_secs()
    }

    #[test]
    fn a_parked_message_waits_from_a_minute_to_an_hour_by_its_age() {
        for (age, wait) in [(-5, 60), (0, 60), (30, 60), (31, 62), (1_799, 3_598), (1_800, 3_600), (600_000, 3_600)] {
            assert_eq!(waits(Some(0), age), wait, "{age} s");
        }
        assert_eq!(waits(None, 5), 60);
    }

    #[test]
    fn each_wait_is_at_least_twice_the_wait_before_until_it_is_an_hour() {
        let (mut now, mut last, mut receives) = (0, 0, 0);
        while last < 3_600 {
            let wait = waits(Some(0), now);
            assert!(wait >= (2 * last).min(3_600));
            (now, last, receives) = (now + wait, wait, receives + 1);
        }
        assert!(receives < 10, "{receives}");
        // A message is sent anew before it is a week old. Until then it is received less often than SQS allows.
        assert!(7 * 24 + receives < MAX_RECEIVES);
    }
}
