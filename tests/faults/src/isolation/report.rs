//! The measurements as a table.

use std::fmt;
use std::time::Duration;

use super::judge::{Complaints, first_ratio, judge, late_ratio};
use super::measured::Measured;

/// What was measured of one attack.
#[derive(Debug)]
pub(super) struct Row {
    /// The attack's name.
    pub(super) attack: &'static str,
    /// What the attack did.
    pub(super) did: String,
    /// Without the attack, before and after it.
    pub(super) calm: [Measured; 2],
    /// With the attack.
    pub(super) attacked: Measured,
    /// How often the attack was measured.
    pub(super) tries: u32,
}

impl Row {
    /// What is wrong.
    pub(super) fn complaints(&self) -> Complaints {
        judge([&self.calm[0], &self.calm[1]], &self.attacked)
    }
}

/// All rows.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) rows: Vec<Row>,
    /// How long the run took.
    pub(super) took: Duration,
}

impl Report {
    /// Whether every attack keeps every promise.
    pub(super) fn is_good(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| row.complaints().is_empty())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<20} {:>6} {:>17} {:>8} {:>6} {:>17} {:>8} {:>6} {:>10} {:>4} {:>11} {:>9} {:>5}",
            "attack",
            "events",
            "p99 without, ms",
            "with",
            "ratio",
            "retries late, ms",
            "with",
            "ratio",
            "duplicates",
            "lost",
            "direct, ms",
            "emulator",
            "idle"
        )?;
        for row in &self.rows {
            let (before, after, attacked) = (&row.calm[0], &row.calm[1], &row.attacked);
            let calm = [before, after];
            writeln!(
                f,
                "{:<20} {:>6} {:>17} {:>8} {:>6} {:>17} {:>8} {:>6} {:>10} {:>4} {:>11} {:>9} {:>5}",
                row.attack,
                attacked.sent,
                format!("{:.0} / {:.0}", before.first_p99(), after.first_p99()),
                format!("{:.0}", attacked.first_p99()),
                format!("{:.2}", first_ratio(calm, attacked)),
                format!("{:.0} / {:.0}", before.late_p99(), after.late_p99()),
                format!("{:.0}", attacked.late_p99()),
                format!("{:.2}", late_ratio(calm, attacked)),
                attacked.duplicates,
                attacked.lost,
                format!("{:.0} / {:.0}", before.load.direct_p99(), attacked.load.direct_p99()),
                format!("{:.0}/{:.0} %", 100.0 * before.load.emulator, 100.0 * attacked.load.emulator),
                format!("{:.0} %", 100.0 * attacked.load.idle),
            )?;
        }
        for row in &self.rows {
            let times = if row.tries > 1 { format!(" (measured {} times)", row.tries) } else { String::new() };
            writeln!(f, "{}: {}{times}", row.attack, row.did)?;
        }
        for row in self.rows.iter().filter(|row| !row.complaints().is_empty()) {
            writeln!(f, "FAILED: {}: {}", row.attack, row.complaints().text())?;
        }
        let result = if self.is_good() { "ok" } else { "FAILED" };
        write!(f, "isolation suite result: {result}. {} attacks, {} s", self.rows.len(), self.took.as_secs())
    }
}
