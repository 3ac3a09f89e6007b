//! The id of a redrive: the time at which SQS says that it started. SQS itself names
//! a redrive only while it runs.

use std::fmt::{self, Display};
use std::str::FromStr;

use jiff::Timestamp;
use shared::queue::redrive::Redrive;

use crate::http::path::Named;
use crate::noun::Noun;

const PREFIX: &str = "rd_";
/// Maximum difference between the clock of SQS and ours, in milliseconds. No two redrives start within this time: only
/// one runs at a time, and cancelling one takes longer.
const TOLERANCE_MS: u64 = 2_000;

/// The id of a redrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RedriveId {
    started_ms: i64,
}

impl RedriveId {
    pub(super) fn of(started_at: Timestamp) -> Self {
        Self { started_ms: started_at.as_millisecond() }
    }

    /// The redrive with this id: the one nearest in time.
    pub(super) fn find(self, redrives: Vec<Redrive>) -> Option<Redrive> {
        let distance = |redrive: &Redrive| redrive.started_at.as_millisecond().abs_diff(self.started_ms);
        redrives.into_iter().filter(|redrive| distance(redrive) <= TOLERANCE_MS).min_by_key(distance)
    }
}

impl Display for RedriveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.started_ms)
    }
}

impl FromStr for RedriveId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.strip_prefix(PREFIX).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse().ok()).map(|started_ms| Self { started_ms }).ok_or(())
    }
}

impl Named for RedriveId {
    const NOUN: Noun = Noun::Redrive;
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::queue::redrive::RedriveState;

    fn redrive(started_ms: i64) -> Redrive {
        let started_at = Timestamp::from_millisecond(started_ms).unwrap();
        Redrive { started_at, state: RedriveState::Completed, max_per_second: None, moved: 0, to_move: None }
    }

    #[test]
    fn names_read_back() {
        let id: RedriveId = "rd_1700000000123".parse().unwrap();
        assert_eq!(id.to_string(), "rd_1700000000123");
        for text in ["", "rd_", "rd_-1", "rd_+1", "1700000000123", "rd_99999999999999999999"] {
            assert!(text.parse::<RedriveId>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_nearest_is_meant() {
        let id: RedriveId = "rd_10000".parse().unwrap();
        let found = id.find(vec![redrive(8_500), redrive(10_300), redrive(20_000)]);
        assert_eq!(found, Some(redrive(10_300)));
        assert_eq!(id.find(vec![redrive(12_001)]), None);
    }
}
