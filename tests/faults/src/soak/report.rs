//! The report: a table of the count, the faults on purpose, and the verdict.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::census::Census;
use super::management::Managed;
use super::plan::Plan;
use super::run::KILLED;
use super::senders::Sent;

/// The result of a run.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) plan: Plan,
    pub(super) took: Duration,
    pub(super) sent: Sent,
    pub(super) census: Census,
    pub(super) managed: Managed,
    pub(super) calls: u64,
    pub(super) faults: BTreeMap<&'static str, u64>,
    pub(super) kills: BTreeMap<String, u64>,
    pub(super) metadata_was_connected_to: bool,
    pub(super) redirects_followed: u32,
}

impl Report {
    /// The reasons why the run is bad; empty if it is good.
    pub(super) fn complaints(&self) -> Vec<String> {
        let (census, total) = (&self.census, self.census.total());
        let mut complaints = Vec::new();
        let mut unless = |good: bool, complaint: String| {
            if !good {
                complaints.push(complaint);
            }
        };
        unless(total.lost == 0, format!("{} deliveries are lost", total.lost));
        unless(census.not_stored.is_empty(), format!("accepted, but not stored: {:?}", census.not_stored));
        unless(census.unknown == 0, format!("{} events were received that nobody sent", census.unknown));
        unless(census.untold_deaths == 0, format!("{} deaths have no event", census.untold_deaths));
        unless(census.not_genuine == 0, format!("{} requests were not signed well", census.not_genuine));
        unless(census.undispatched == 0, format!("{} stream batches were given up", census.undispatched));
        unless(self.sent.refused.is_empty(), format!("good posts were refused: {:?}", self.sent.refused));
        unless(!self.metadata_was_connected_to, "the metadata address was connected to".to_owned());
        unless(self.redirects_followed == 0, format!("{} redirects were followed", self.redirects_followed));
        let managed = &self.managed;
        for complaint in &managed.complaints {
            unless(false, complaint.clone());
        }
        unless(managed.verified > 0, "no shown secret was verified".to_owned());
        for (behaviour, tally) in &census.tallies {
            let complete = !behaviour.must_get_everything() || tally.delivered == tally.owed;
            let missing = tally.owed - tally.delivered;
            unless(complete, format!("{missing} deliveries did not reach the receiver that is {}", behaviour.word()));
        }
        // A run without deliveries or faults proves nothing.
        unless(total.owed > 0 && total.delivered > 0, "nothing was delivered".to_owned());
        unless(self.faults.values().sum::<u64>() > 0, "no call went wrong".to_owned());
        for room in KILLED {
            unless(self.kills.contains_key(room), format!("{room} was never killed"));
        }
        complaints
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sent, census, total) = (&self.sent, &self.census, self.census.total());
        let (planned, took) = (self.plan.length.as_secs(), self.took.as_secs());
        writeln!(f, "fault suite: seed {}, planned for {planned} s, took {took} s", self.plan.seed)?;
        let heads = ["webhooks", "owed", "delivered", "twice", "held", "dead", "waiting", "lost", "requests"];
        write_row(f, "receiver", &heads)?;
        for (name, tally) in census.tallies.iter().map(|(who, tally)| (who.word(), *tally)).chain([("all", total)]) {
            let counts = [
                tally.webhooks,
                tally.owed,
                tally.delivered,
                tally.duplicates,
                tally.held,
                tally.dead,
                tally.waiting,
                tally.lost,
                tally.requests,
            ];
            write_row(f, name, &counts.map(|count| count.to_string()))?;
        }
        writeln!(
            f,
            "events: {} accepted in {} posts, {} tries answered otherwise; {} posts given up, {} not made for want of room; \
             {} events stored without an answer, {} operational ones",
            sent.accepted.len(),
            sent.posts,
            sent.retried,
            sent.given_up,
            sent.not_made,
            census.answers_lost,
            census.told
        )?;
        let failed: u64 = self.faults.values().sum();
        writeln!(
            f,
            "AWS calls of the functions: {}, of which {failed} went wrong: {}",
            self.calls,
            list(&self.faults)
        )?;
        writeln!(f, "functions killed: {}", list(&self.kills))?;
        let (repeated, given_up) = self.managed.ledger.failed();
        writeln!(
            f,
            "management: {}; tries repeated {repeated}, requests given up {given_up}; {} known to be deleted, {} secrets \
             verified",
            list(self.managed.ledger.answered()),
            self.managed.ledger.gone().len(),
            self.managed.verified
        )?;
        let touched = if self.metadata_was_connected_to { "connected to" } else { "never connected to" };
        writeln!(f, "metadata address: {touched}; redirects followed: {}", self.redirects_followed)?;
        for loss in &census.losses {
            writeln!(f, "LOST: {loss}")?;
        }
        let complaints = self.complaints();
        let verdict =
            if complaints.is_empty() { "ok".to_owned() } else { format!("FAILED: {}", complaints.join("; ")) };
        writeln!(
            f,
            "fault suite result: {verdict}. accepted {}; deliveries owed {}, delivered {} (twice {}), held {}, dead {}, \
             waiting {}, lost {}",
            sent.accepted.len(),
            total.owed,
            total.delivered,
            total.duplicates,
            total.held,
            total.dead,
            total.waiting,
            total.lost
        )
    }
}

fn write_row(f: &mut fmt::Formatter<'_>, name: &str, cells: &[impl fmt::Display; 9]) -> fmt::Result {
    write!(f, "{name:<22}")?;
    for cell in cells {
        write!(f, " {cell:>9}")?;
    }
    writeln!(f)
}

fn list(counts: &BTreeMap<impl fmt::Display, u64>) -> String {
    let counts: Vec<String> = counts.iter().map(|(what, count)| format!("{what} {count}")).collect();
    counts.join(", ")
}
