//! A webhook's rate limit: a maximum number of POSTs in each second of the clock, across all functions.
//!
//! Each second has as many slots as the limit allows. Slots are numbered along one line since 1970. The state of a line
//! is the number of the next free slot. A function that wants to post claims the next free slots, from the present
//! second on. The slots tell it when to post: now, or in a later second. The row that holds the line is changed by two
//! conditional updates (`store/registry/rate_limits.rs`). The first one restarts the line at the present second, when
//! the line is behind or was made for another limit; the second one continues the line.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};

/// How long a slot may be used after its second began (5 s). Reason: SQS delays by whole seconds, and a message arrives
/// a little after its delay. A slot that was missed by more is not used in a second that belongs to other slots.
const SLOT_VALIDITY: SignedDuration = SignedDuration::from_secs(5);

/// Maximum number of POSTs to a webhook in each second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit(u32);

impl RateLimit {
    /// Bounds of a limit. Reason for the maximum: a webhook's line is one row, and DynamoDB takes about a thousand
    /// writes of one row per second.
    pub const PER_SECOND: RangeInclusive<u32> = 1..=1_000;

    /// A limit; `None` outside of [`Self::PER_SECOND`].
    pub fn new(per_second: u32) -> Option<Self> {
        Self::PER_SECOND.contains(&per_second).then_some(Self(per_second))
    }

    /// POSTs per second.
    pub fn per_second(self) -> u32 {
        self.0
    }

    /// The number of the first slot of the second that contains `at`.
    pub fn first_slot(self, at: Timestamp) -> i64 {
        at.as_second() * i64::from(self.0)
    }

    /// When the second of a slot begins.
    pub fn second_of(self, slot: i64) -> Timestamp {
        Timestamp::from_second(slot.div_euclid(i64::from(self.0))).unwrap_or(Timestamp::MAX)
    }
}

/// A request for slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The webhook's limit.
    pub limit: RateLimit,
    /// The revision of the webhook that has this limit. A line of a later revision is not restarted for this claim.
    /// Otherwise functions with the new limit and functions with the old one would restart the line for each other
    /// again and again.
    pub revision: u64,
    /// The number of slots.
    pub count: u32,
    /// The slots begin at this time or later.
    pub now: Timestamp,
}

/// Claimed slots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    limit: RateLimit,
    first: i64,
    count: u32,
}

impl Slots {
    /// The slots of `claim`; `first` is the number of the first one.
    pub fn claimed(claim: &Claim, first: i64) -> Self {
        Self { limit: claim.limit, first, count: claim.count }
    }

    /// When the second of each slot begins, in order.
    pub fn times(self) -> impl Iterator<Item = Timestamp> {
        (self.first..).take(self.count as usize).map(move |slot| self.limit.second_of(slot))
    }
}

/// A claimed slot that a job waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// When the slot's second begins.
    pub begins_at: Timestamp,
    /// The limit under which the slot was claimed.
    pub limit: RateLimit,
    /// The attempt that the slot is for, within the job's round.
    pub attempt: u32,
    /// The slot belongs to another job, with which this one is to share a POST. If this job arrives without the other
    /// one, it must claim a slot of its own.
    pub shared: bool,
}

/// Whether a slot can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotStanding {
    /// The slot's second is in the future.
    Early,
    /// The slot can be used now.
    Due,
    /// The slot was missed, or the limit has changed since the claim.
    Void,
}

impl Slot {
    /// Whether the slot can be used at `now`, when the webhook's limit is `limit`.
    pub fn standing(&self, limit: RateLimit, now: Timestamp) -> SlotStanding {
        if self.limit != limit || now >= good_until(self.begins_at) {
            SlotStanding::Void
        } else if now < self.begins_at {
            SlotStanding::Early
        } else {
            SlotStanding::Due
        }
    }
}

/// Until when the slot whose second begins at `begins_at` may be used.
pub fn good_until(begins_at: Timestamp) -> Timestamp {
    begins_at.saturating_add(SLOT_VALIDITY).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use proptest::prelude::*;

    use super::*;

    /// The row, and what the store's two updates do to it.
    #[derive(Debug, Clone, Copy)]
    struct Line {
        limit: RateLimit,
        revision: u64,
        next: i64,
    }

    /// Restarts the line, if the update's condition holds.
    fn begin(line: &mut Option<Line>, claim: &Claim) -> Option<Slots> {
        let present = claim.limit.first_slot(claim.now);
        let may = line
            .is_none_or(|line| line.revision <= claim.revision && (line.limit != claim.limit || line.next < present));
        may.then(|| {
            let next = present + i64::from(claim.count);
            *line = Some(Line { limit: claim.limit, revision: claim.revision, next });
            Slots::claimed(claim, present)
        })
    }

    /// Continues the line, if the update's condition holds.
    fn go_on(line: &mut Option<Line>, claim: &Claim) -> Option<Slots> {
        let present = claim.limit.first_slot(claim.now);
        let line = line.as_mut().filter(|line| line.limit == claim.limit && line.next >= present)?;
        let first = line.next;
        line.next += i64::from(claim.count);
        Some(Slots::claimed(claim, first))
    }

    fn limit(per_second: u32) -> RateLimit {
        RateLimit::new(per_second).unwrap()
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(1_700_000_000_000 + millis).unwrap()
    }

    proptest! {
        /// Functions claim at any time and in any order, their clocks differ, and between the two updates of one
        /// function any other may make its own.
        #[test]
        fn no_second_has_more_than_its_slots_and_no_slot_is_given_twice(
            per_second in 1_u32..=20,
            claims in proptest::collection::vec((0_i64..8_000, 1_u32..=10, any::<bool>()), 1..60),
        ) {
            let limit = limit(per_second);
            let mut line = None;
            let (mut slots, mut seconds) = (BTreeSet::new(), BTreeMap::new());
            for (millis, count, goes_on_first) in claims {
                let claim = Claim { limit, revision: 1, count, now: at(millis) };
                let claimed = if goes_on_first {
                    go_on(&mut line, &claim).or_else(|| begin(&mut line, &claim))
                } else {
                    begin(&mut line, &claim).or_else(|| go_on(&mut line, &claim))
                };
                let claimed = claimed.expect("one of the two conditions holds");
                for slot in (claimed.first..).take(claimed.count as usize) {
                    prop_assert!(slots.insert(slot), "slot {slot} twice");
                }
                for second in claimed.times() {
                    // A slot never begins before the second in which it was claimed.
                    prop_assert!(second.as_second() >= claim.now.as_second());
                    let taken: &mut u32 = seconds.entry(second).or_default();
                    *taken += 1;
                    prop_assert!(*taken <= per_second, "{second}: {taken}");
                }
            }
        }

        #[test]
        fn a_line_that_nobody_waits_in_gives_slots_at_once(per_second in 1_u32..=1_000, millis in 0_i64..5_000) {
            let limit = limit(per_second);
            let mut line = None;
            let claim = Claim { limit, revision: 1, count: per_second, now: at(millis) };
            let times: BTreeSet<_> = begin(&mut line, &claim).unwrap().times().collect();
            prop_assert_eq!(times, BTreeSet::from([Timestamp::from_second(at(millis).as_second()).unwrap()]));
        }
    }

    #[test]
    fn a_changed_limit_begins_the_line_anew_and_functions_that_do_not_know_it_yet_cannot_turn_it_back() {
        let old = Claim { limit: limit(1), revision: 1, count: 100, now: at(0) };
        let new = Claim { limit: limit(50), revision: 2, count: 1, now: at(0) };
        let mut line = None;
        begin(&mut line, &old).unwrap();
        assert_eq!(begin(&mut line, &new).unwrap().times().next(), Timestamp::from_second(at(0).as_second()).ok());
        assert_eq!((begin(&mut line, &old), go_on(&mut line, &old)), (None, None));
        let much_later = Claim { now: at(1_000_000), ..old };
        assert_eq!((begin(&mut line, &much_later), go_on(&mut line, &much_later)), (None, None));
    }

    #[test]
    fn a_slot_is_good_in_its_second_and_shortly_after() {
        let begins_at = at(10_000);
        let slot = Slot { begins_at, limit: limit(5), attempt: 1, shared: false };
        for (millis, expected) in [
            (9_999, SlotStanding::Early),
            (10_000, SlotStanding::Due),
            (14_999, SlotStanding::Due),
            (15_000, SlotStanding::Void),
        ] {
            assert_eq!(slot.standing(limit(5), at(millis)), expected, "{millis}");
        }
        assert_eq!(slot.standing(limit(6), at(9_000)), SlotStanding::Void);
    }

    #[test]
    fn limits_are_bounded() {
        assert_eq!([0, 1, 1_000, 1_001].map(|rate| RateLimit::new(rate).is_some()), [false, true, true, false]);
    }
}
