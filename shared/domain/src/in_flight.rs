//! When waiting messages may be hidden. A hidden message is in flight, a queue has at most 120,000 messages in flight,
//! and beyond that SQS hands out nothing, to no tenant. So as soon as a quarter of these are in flight, jobs wait as
//! delayed messages, which are not in flight.

use jiff::{SignedDuration, Timestamp};

use crate::queue_limits::MAX_IN_FLIGHT;

/// Maximum messages in flight with which further ones are hidden: a quarter of SQS's limit. Reason: the number that SQS
/// tells is up to a minute old. In this time the functions can hide another quarter.
pub const MOST_WHEN_HIDING: u32 = MAX_IN_FLIGHT / 4;
/// Maximum messages that one function hides between two looks. Reason: with 50 functions (`MaximumConcurrency`) and a
/// look every five seconds these are 500 a second, and 30,000 in the minute that the number may be old.
pub const MOST_HIDDEN_PER_LOOK: usize = 50;
/// Time after which a function looks again (5 s).
pub const LOOK_AGAIN_AFTER: SignedDuration = SignedDuration::from_secs(5);
/// A function that has hidden fewer messages than this since its last look hides a further batch without another look,
/// for ten minutes. Reason: most functions hide less, and then a look does not cost more than it saves. 50 functions
/// hide fewer than 1,000 messages in ten minutes in this way, because a batch has ten.
const FEW: usize = 10;
/// Time after which a function that hides little looks again (10 min).
const LOOK_AGAIN_IF_FEW: SignedDuration = SignedDuration::from_mins(10);

/// The number of messages in flight as one function saw it last.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    at: Timestamp,
    in_flight: u32,
    /// The number of messages that this function was allowed to hide since.
    hidden: usize,
}

impl Look {
    /// A look at `at`, which saw so many messages in flight.
    pub fn new(at: Timestamp, in_flight: u32) -> Self {
        Self { at, in_flight, hidden: 0 }
    }

    /// Whether the function may rely on the look at `now`.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        let age = now.duration_since(self.at);
        let hides_few = self.hidden < FEW && self.in_flight < MOST_WHEN_HIDING;
        age < LOOK_AGAIN_AFTER || (hides_few && age < LOOK_AGAIN_IF_FEW)
    }

    /// How many messages may still be hidden.
    pub fn room(&self) -> usize {
        if self.in_flight < MOST_WHEN_HIDING { MOST_HIDDEN_PER_LOOK.saturating_sub(self.hidden) } else { 0 }
    }

    /// The look after the function was allowed to hide so many messages.
    #[must_use]
    pub fn after_hiding(self, count: usize) -> Self {
        Self { hidden: self.hidden + count, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(in_flight: u32, hidden: usize) -> Look {
        Look { at: Timestamp::UNIX_EPOCH, in_flight, hidden }
    }

    fn after(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn a_quarter_of_the_limit_may_be_hidden_and_so_many_per_look() {
        assert_eq!(look(29_999, 0).room(), 50);
        assert_eq!(look(29_999, 49).room(), 1);
        assert_eq!(look(29_999, 50).room(), 0);
        assert_eq!(look(30_000, 0).room(), 0);
    }

    #[test]
    fn a_function_that_hides_little_looks_rarely() {
        assert!(look(0, 9).is_fresh(after(599)) && !look(0, 9).is_fresh(after(600)));
        assert!(look(0, 10).is_fresh(after(4)) && !look(0, 10).is_fresh(after(5)));
        assert!(!look(30_000, 0).is_fresh(after(5)));
    }
}
