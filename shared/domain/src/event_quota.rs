//! The limit on a tenant's events per minute. Pure.
//!
//! A row counts the events of the present minute. Functions claim events in blocks, so that a function writes once for
//! many events. A post is accepted or refused as a whole: it is accepted if the minute has at least one event left, and
//! what it takes beyond the limit counts in the following minutes. So a post of any size is accepted in the end, and
//! over time no more events are accepted than the limit allows.

use jiff::Timestamp;

/// Share of the events that are left in a minute, that one block takes. Reason: what a function claims and does not use
/// is lost for the others, so a block is small (2 %); and a limit of any size costs about a hundred writes a minute.
const BLOCKS_OF_WHAT_IS_LEFT: u32 = 50;
/// Share of the limit that a block has at least. Reason: without it, blocks would become single events at the end of a
/// minute. Ten functions that stop with a block each leave 5 % of the limit unused.
const BLOCKS_OF_THE_LIMIT: u32 = 200;
/// Seconds in a minute.
const MINUTE: i64 = 60;

/// What the row says: how many events were claimed in its minute, and under which limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Minutes since 1970.
    pub minute: i64,
    /// Events claimed. More than the limit if a post went beyond it.
    pub taken: u32,
    /// Events per minute that were allowed.
    pub limit: u32,
}

impl Counted {
    /// Events beyond the limit that still count in a later minute.
    pub fn owed_at(&self, minute: i64) -> u32 {
        let passed = u32::try_from(minute - self.minute).unwrap_or(u32::MAX);
        self.taken.saturating_sub(self.limit.saturating_mul(passed))
    }
}

/// What a function has to write to claim events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimStep {
    /// Add `count` to the row, on condition that it is still in this minute and below the limit.
    Add {
        /// The minute.
        minute: i64,
        /// How many events are claimed.
        count: u32,
    },
    /// Begin a minute, on condition that the row still is as it was read.
    Begin(Counted),
    /// Write nothing: the limit is reached until this time.
    Refuse {
        /// When events are accepted again.
        until: Timestamp,
    },
}

/// The minute of a time.
pub fn minute_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(MINUTE)
}

/// How to claim at least `needed` events. `row` is what is known of the row; `None` if there is no row.
pub fn claim(row: Option<Counted>, limit: u32, needed: u32, now: Timestamp) -> ClaimStep {
    let minute = minute_of(now);
    if limit == 0 {
        return ClaimStep::Refuse { until: start_of(minute + 1) };
    }
    let Some(row) = row else {
        return ClaimStep::Begin(Counted { minute, taken: block(limit, limit).max(needed), limit });
    };
    // A function whose clock is behind counts in the minute of the others.
    let minute = minute.max(row.minute);
    if row.minute == minute {
        return match limit.checked_sub(row.taken).filter(|left| *left > 0) {
            Some(left) => ClaimStep::Add { minute, count: block(limit, left).max(needed) },
            None => ClaimStep::Refuse { until: start_of(minute + minutes_of(row.taken, limit)) },
        };
    }
    let owed = row.owed_at(minute);
    match limit.checked_sub(owed).filter(|left| *left > 0) {
        Some(left) => {
            let taken = owed.saturating_add(block(limit, left).max(needed));
            ClaimStep::Begin(Counted { minute, taken, limit })
        }
        None => ClaimStep::Refuse { until: start_of(minute + minutes_of(owed, limit)) },
    }
}

/// Events that a function claims at once when `left` are left in the minute.
fn block(limit: u32, left: u32) -> u32 {
    (left / BLOCKS_OF_WHAT_IS_LEFT).max(limit / BLOCKS_OF_THE_LIMIT).min(left)
}

/// Whole minutes that `taken` events use up.
fn minutes_of(taken: u32, limit: u32) -> i64 {
    i64::from(taken.checked_div(limit).unwrap_or(u32::MAX)).max(1)
}

fn start_of(minute: i64) -> Timestamp {
    Timestamp::from_second(minute.saturating_mul(MINUTE)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    /// Does what the row and its functions do, with one event a post. Returns accepted events and writes.
    fn simulated(limit: u32, functions: usize, posts: u32, size: u32, over: SignedDuration) -> (u32, u32) {
        let (mut row, mut writes, mut accepted) = (None::<Counted>, 0, 0);
        let mut held = vec![(0_i64, 0_u32); functions];
        for post in 0..posts {
            let now = NOW + over * i32::try_from(post).unwrap() / i32::try_from(posts).unwrap();
            let (minute, left) = &mut held[post as usize % functions];
            if *minute != minute_of(now) {
                (*minute, *left) = (minute_of(now), 0);
            }
            if *left < size {
                match claim(row, limit, size - *left, now) {
                    ClaimStep::Add { count, .. } => {
                        row.as_mut().unwrap().taken += count;
                        *left += count;
                    }
                    ClaimStep::Begin(begun) => {
                        let owed = row.map_or(0, |row| row.owed_at(begun.minute));
                        *left += begun.taken - owed;
                        row = Some(begun);
                    }
                    ClaimStep::Refuse { .. } => continue,
                }
                writes += 1;
            }
            *left -= size;
            accepted += size;
        }
        (accepted, writes)
    }

    #[test]
    fn a_limit_is_exact_within_a_tenth_and_costs_few_writes() {
        for limit in [1, 7, 100, 1_000, 60_000] {
            for functions in [1, 3, 10] {
                let (accepted, writes) = simulated(limit, functions, limit * 3, 1, SignedDuration::from_secs(59));
                assert!(accepted <= limit, "{accepted} of {limit}");
                assert!(f64::from(accepted) >= f64::from(limit) * 0.9, "{accepted} of {limit}, {functions} functions");
                assert!(writes <= 210, "{writes} writes for {limit}");
            }
        }
    }

    #[test]
    fn a_post_beyond_the_limit_is_accepted_as_a_whole_and_counts_in_later_minutes() {
        // 2.5 posts of 400 are 1,000 a minute; 500 posts in 20 minutes ask for 10 times as much.
        let (accepted, _) = simulated(1_000, 1, 500, 400, SignedDuration::from_mins(20));
        assert!((20_000..=20_400).contains(&accepted), "{accepted}");
        // A post of more than the limit is accepted, and the limit is reached for as long as it lasts.
        let row = match claim(None, 100, 1_050, NOW) {
            ClaimStep::Begin(row) => row,
            other => panic!("{other:?}"),
        };
        let at = |second| NOW + SignedDuration::from_secs(second);
        assert_eq!(claim(Some(row), 100, 1, at(30)), ClaimStep::Refuse { until: at(600) });
        assert_eq!(claim(Some(row), 100, 1, at(599)), ClaimStep::Refuse { until: at(600) });
        let begun = Counted { minute: 10, taken: 51, limit: 100 };
        assert_eq!(claim(Some(row), 100, 1, at(600)), ClaimStep::Begin(begun));
    }

    #[test]
    fn a_lower_limit_holds_from_the_next_minute_and_what_was_within_the_old_one_is_no_debt() {
        let row = Counted { minute: 0, taken: 9_000, limit: 10_000 };
        let at = |second| NOW + SignedDuration::from_secs(second);
        assert!(matches!(claim(Some(row), 100, 1, at(60)), ClaimStep::Begin(Counted { minute: 1, taken: 2, .. })));
        assert!(matches!(claim(Some(row), 100, 1, at(59)), ClaimStep::Refuse { .. }));
    }

    #[test]
    fn a_limit_of_nothing_refuses_everything() {
        assert!(matches!(claim(None, 0, 1, NOW), ClaimStep::Refuse { .. }));
    }
}
