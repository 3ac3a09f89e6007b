//! Decides, from the seed and the time, which AWS call fails and how, and counts the failures. This module is pure.

use std::collections::BTreeMap;
use std::time::Duration;

use super::chance::Chance;

/// A fault of one AWS call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The call has no effect, and the answer is 500.
    Refused,
    /// The call has no effect, and the answer is the service's throttling error.
    Throttled,
    /// The transaction has no effect: another one, so the answer says, writes the first of its items at this moment. No
    /// emulator refuses a transaction for this reason, and DynamoDB does.
    Conflict,
    /// The call has no effect, and the connection is reset.
    ResetBefore,
    /// The call has its effect, and the answer is 500.
    AnswerLost,
    /// The call has its effect, and the connection is reset.
    ResetAfter,
    /// The call has its effect after a delay.
    Delayed(Duration),
    /// Half of a batch's entries have their effect; the answer reports the others as failed.
    EntriesFailed,
    /// The call has no effect, and the caller is killed.
    KilledBefore,
    /// The call has its effect, and the caller is killed before it gets the answer.
    KilledAfter,
}

impl Fault {
    /// The fault's name in the report.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Throttled => "throttled",
            Self::Conflict => "transaction conflict",
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

/// Writes to tables. All our statements are inserts.
const WRITES: [&str; 6] =
    ["PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem", "BatchExecuteStatement"];
/// Calls whose entries can fail one by one.
const BATCHES: [&str; 3] = ["SendMessageBatch", "ChangeMessageVisibilityBatch", "BatchExecuteStatement"];

/// The calls that a storm affects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// Sends to queues and changes of visibility.
    Queues,
    /// Writes to tables.
    Writes,
    /// Reads from tables.
    Reads,
    /// All calls.
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

/// A time during which most calls of a kind fail, so that even the SDK's three tries fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Storm {
    pub(super) target: Target,
    /// Beginning and end, from the start of the run.
    pub(super) from: Duration,
    pub(super) to: Duration,
}

/// Number of calls in a thousand with each fault outside of storms: about one call in eight in total.
const CALM: [(u64, Fault); 6] = [
    (30, Fault::Refused),
    (20, Fault::Throttled),
    (15, Fault::ResetBefore),
    (20, Fault::AnswerLost),
    (15, Fault::ResetAfter),
    (20, Fault::Delayed(Duration::from_millis(1_500))),
];
/// Number of calls in a thousand with each fault in a storm: nine of ten in total.
const STORM: [(u64, Fault); 3] = [(400, Fault::Refused), (150, Fault::Throttled), (350, Fault::AnswerLost)];
/// Number of calls in a thousand that kill their caller: half of them before the effect, and half after it. Reason for
/// the different numbers: when deliver is killed, a whole batch is lost for a visibility timeout, and deliver makes
/// most calls. Ingest makes few calls.
const KILLS: [(&str, u64); 4] = [("deliver", 4), ("dispatch", 8), ("ingest", 100), ("api", 25)];
/// Number of transactions in a thousand that meet another one. Reason: high enough that some request meets two in a
/// row.
const CONFLICTS: u64 = 150;
/// Number of batch calls in a thousand that have failing entries.
const BATCHES_WITH_FAILED_ENTRIES: u64 = 80;

/// Decides about each call until `until`, and counts the faults.
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

    /// The fault of a call of `operation` by the function `caller` at `at` from the start of the run, if the call has
    /// one.
    pub(super) fn next(&mut self, caller: &str, operation: &str, at: Duration) -> Option<Fault> {
        if at >= self.until {
            return None;
        }
        let fault = self.kill(caller).or_else(|| self.conflict(operation)).or_else(|| self.failure(operation, at));
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

    fn conflict(&mut self, operation: &str) -> Option<Fault> {
        (operation == "TransactWriteItems" && self.chance.per_mille(CONFLICTS)).then_some(Fault::Conflict)
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

    /// Number of failed calls, by kind.
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

    #[test]
    fn transactions_alone_meet_others() {
        let mut faults = Faults::new(Chance::from_seed(1), Vec::new(), Duration::from_secs(30));
        failing(&mut faults, "PutItem", 1);
        assert!(!faults.counts().contains_key(Fault::Conflict.word()));
        failing(&mut faults, "TransactWriteItems", 1);
        assert!((100..200).contains(&faults.counts()[Fault::Conflict.word()]));
    }

    #[test]
    fn api_is_killed_before_and_after_its_calls_have_their_effect() {
        let mut faults = Faults::new(Chance::from_seed(1), Vec::new(), Duration::from_secs(30));
        for _ in 0..1_000 {
            faults.next("api", "GetItem", Duration::from_secs(1));
        }
        for fault in [Fault::KilledBefore, Fault::KilledAfter] {
            assert!(faults.counts()[fault.word()] > 3, "{fault:?}");
        }
    }
}
