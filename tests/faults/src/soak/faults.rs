//! Which AWS call fails, and how: decided for each call from the seed and the time, and counted. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use super::chance::Chance;

/// How one call of a function to AWS goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Answered 500, without effect.
    Refused,
    /// Answered with the service's throttling error, without effect.
    Throttled,
    /// The connection is reset, without effect.
    ResetBefore,
    /// Takes effect, and is answered 500.
    AnswerLost,
    /// Takes effect, and the connection is reset.
    ResetAfter,
    /// Takes effect, late.
    Delayed(Duration),
    /// Half of a batch's entries take effect; the others are answered as failed.
    EntriesFailed,
    /// The caller is killed, without effect.
    KilledBefore,
    /// Takes effect, and the caller is killed before it knows.
    KilledAfter,
}

impl Fault {
    /// Its name in the report.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Throttled => "throttled",
            Self::ResetBefore => "reset before effect",
            Self::AnswerLost => "answer lost",
            Self::ResetAfter => "reset after effect",
            Self::Delayed(_) => "delayed",
            Self::EntriesFailed => "batch entries failed",
            Self::KilledBefore => "caller killed before effect",
            Self::KilledAfter => "caller killed after effect",
        }
    }
}

/// The writes to tables. All statements of ours are inserts.
const WRITES: [&str; 6] =
    ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem", "BatchExecuteStatement"];
/// The calls with entries that can fail one by one.
const BATCHES: [&str; 3] = ["SendMessageBatch", "ChangeMessageVisibilityBatch", "BatchExecuteStatement"];

/// What a storm is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Sends to queues and changes of visibility.
    Queues,
    /// Writes to tables.
    Writes,
    /// Reads from tables.
    Reads,
    /// Everything.
    All,
}

impl Target {
    pub(super) const EACH: [Self; 4] = [Self::Queues, Self::Writes, Self::Reads, Self::All];

    fn covers(self, operation: &str) -> bool {
        match self {
            Self::Queues => operation.starts_with("SendMessage") || operation.starts_with("ChangeMessage"),
            Self::Writes => WRITES.contains(&operation),
            Self::Reads => ["GetItem", "Query", "BatchGetItem"].contains(&operation),
            Self::All => true,
        }
    }
}

/// A time during which most calls of a kind fail, so that the SDK's own three tries do not help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Storm {
    pub(super) target: Target,
    /// From the start of the run.
    pub(super) from: Duration,
    pub(super) to: Duration,
}

/// Of a thousand calls, so many go wrong in this way while there is no storm: about one in eight.
const CALM: [(u64, Fault); 6] = [
    (30, Fault::Refused),
    (20, Fault::Throttled),
    (15, Fault::ResetBefore),
    (20, Fault::AnswerLost),
    (15, Fault::ResetAfter),
    (20, Fault::Delayed(Duration::from_millis(1_500))),
];
/// The same in a storm: nine of ten.
const STORM: [(u64, Fault); 3] = [(400, Fault::Refused), (150, Fault::Throttled), (350, Fault::AnswerLost)];
/// Of a thousand calls, so many cost their caller its life, half of them before and half after they took effect. A
/// killed deliver loses a whole batch for a visibility timeout, and makes most calls; ingest makes few.
const KILLS: [(&str, u64); 3] = [("deliver", 4), ("dispatch", 8), ("ingest", 50)];
/// Of a thousand batch calls, so many have entries that fail.
const BATCHES_WITH_FAILED_ENTRIES: u64 = 80;

/// Decides about calls until `until`, and counts.
#[derive(Debug)]
pub(super) struct Faults {
    chance: Chance,
    storms: Vec<Storm>,
    until: Duration,
    counts: BTreeMap<&'static str, u64>,
}

impl Faults {
    pub(super) fn new(chance: Chance, storms: Vec<Storm>, until: Duration) -> Self {
        Self { chance, storms, until, counts: BTreeMap::new() }
    }

    /// What happens to a call of `operation` by the function `caller` at `at` from the start of the run.
    pub(super) fn next(&mut self, caller: &str, operation: &str, at: Duration) -> Option<Fault> {
        if at >= self.until {
            return None;
        }
        let fault = self.kill(caller).or_else(|| self.failure(operation, at));
        if let Some(fault) = fault {
            *self.counts.entry(fault.word()).or_default() += 1;
        }
        fault
    }

    fn kill(&mut self, caller: &str) -> Option<Fault> {
        let (_, share) = KILLS.iter().find(|(name, _)| *name == caller)?;
        let is_killed = self.chance.per_mille(*share);
        let fault = if self.chance.per_mille(500) { Fault::KilledBefore } else { Fault::KilledAfter };
        is_killed.then_some(fault)
    }

    fn failure(&mut self, operation: &str, at: Duration) -> Option<Fault> {
        let storm =
            self.storms.iter().any(|storm| (storm.from..storm.to).contains(&at) && storm.target.covers(operation));
        let fault = if storm { self.draw(&STORM) } else { self.draw(&CALM) };
        fault.or_else(|| {
            (BATCHES.contains(&operation) && self.chance.per_mille(BATCHES_WITH_FAILED_ENTRIES))
                .then_some(Fault::EntriesFailed)
        })
    }

    fn draw(&mut self, shares: &[(u64, Fault)]) -> Option<Fault> {
        let mut number = self.chance.within(0..1_000);
        for (share, fault) in shares {
            match number.checked_sub(*share) {
                Some(rest) => number = rest,
                None => return Some(*fault),
            }
        }
        None
    }

    /// How many calls went wrong, by kind.
    pub(super) fn counts(&self) -> &BTreeMap<&'static str, u64> {
        &self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(faults: &mut Faults, operation: &str, at: u64) -> usize {
        (0..1_000).filter(|_| faults.next("dispatch", operation, Duration::from_secs(at)).is_some()).count()
    }

    #[test]
    fn storms_hit_their_target_in_their_time_and_the_end_is_the_end() {
        let storm = Storm { target: Target::Queues, from: Duration::from_secs(10), to: Duration::from_secs(20) };
        let mut faults = Faults::new(Chance::from_seed(1), vec![storm], Duration::from_secs(30));
        assert!((85..190).contains(&failing(&mut faults, "PutItem", 15)));
        assert!((860..960).contains(&failing(&mut faults, "SendMessageBatch", 15)));
        assert!((150..310).contains(&failing(&mut faults, "SendMessageBatch", 25)));
        assert!((150..310).contains(&failing(&mut faults, "BatchExecuteStatement", 25)));
        assert_eq!(failing(&mut faults, "SendMessageBatch", 30), 0);
        assert_eq!(faults.counts().len(), 9);
    }
}
