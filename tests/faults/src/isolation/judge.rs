//! Whether an attack hurt the bystander. Pure.

use super::measured::Measured;

/// The factor by which an attack must not raise the bystander's figures. Reason: the promise of the suite.
pub(super) const MOST_RATIO: f64 = 1.5;
/// The figure below which two figures are the same, in milliseconds: the emulator's mappings look at a queue or a
/// stream at least once a second, so a shorter time says at which moment of this second an event came.
pub(super) const POLL_INTERVAL_MS: f64 = 1_000.0;
/// Calls of the emulator that an event needs one after another, from the post to the attempt: two of `ingest`, one of
/// `dispatch` for webhooks, one for jobs, and those with which the emulator itself hands events to three functions.
const CALLS_OF_AN_EVENT: f64 = 8.0;
/// Maximum 99th percentile of direct calls of the emulator. Reason: above this, the emulator's own answers take as long
/// as the interval above, and the figures show the emulator and not the product.
pub(super) const MOST_DIRECT_MS: f64 = POLL_INTERVAL_MS / CALLS_OF_AN_EVENT;
/// The factor from which a measurement is not repeated on a machine that is not too busy. Reason: other processes share
/// the machine's processors evenly with ours, and do not make everything four times as slow.
const NO_NOISE_RATIO: f64 = 4.0;
/// Maximum requests that the receivers get without a reason. Reason: nothing crashes here and nothing is replayed.
const MOST_DUPLICATES: usize = 0;

/// What is wrong with a measurement.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Complaints {
    /// Broken promises, which no slow machine explains.
    pub(super) broken: Vec<String>,
    /// Broken promises about times. A busy machine can cause them as well.
    pub(super) slow: Vec<String>,
    /// Why the times prove nothing.
    pub(super) void: Option<String>,
    /// The larger one of the two ratios.
    worst: f64,
}

impl Complaints {
    /// Whether the measurement keeps every promise.
    pub(super) fn is_empty(&self) -> bool {
        self.broken.is_empty() && self.slow.is_empty()
    }

    /// Whether another measurement could be better.
    pub(super) fn may_be_noise(&self) -> bool {
        self.broken.is_empty() && !self.slow.is_empty() && (self.void.is_some() || self.worst < NO_NOISE_RATIO)
    }

    /// All complaints as text.
    pub(super) fn text(&self) -> String {
        let all = self.broken.iter().chain(&self.slow).chain(&self.void);
        all.cloned().collect::<Vec<_>>().join("; ")
    }
}

/// The factor between two times, both at least `floor_ms`. A time that is not a number counts as an infinite one.
fn ratio(attacked_ms: f64, calm_ms: f64, floor_ms: f64) -> f64 {
    let attacked = if attacked_ms.is_nan() { f64::INFINITY } else { attacked_ms };
    attacked.max(floor_ms) / calm_ms.max(floor_ms)
}

/// The factor by which the attack raised the 99th percentile of first attempts. Of the measurements before and after
/// the attack the shorter one counts, so that what an attack leaves behind does not excuse the attack.
pub(super) fn first_ratio(calm: [&Measured; 2], attacked: &Measured) -> f64 {
    ratio(attacked.first_p99(), shorter(calm.map(Measured::first_p99)), POLL_INTERVAL_MS)
}

/// The same for how late second attempts were. The figure below which two are the same is larger: a message that
/// becomes visible just after a look waits for a whole interval, and then needs as long as a first attempt.
pub(super) fn late_ratio(calm: [&Measured; 2], attacked: &Measured) -> f64 {
    let floor = POLL_INTERVAL_MS + shorter(calm.map(Measured::first_p99));
    ratio(attacked.late_p99(), shorter(calm.map(Measured::late_p99)), floor)
}

/// What is wrong with the measurement of an attack.
pub(super) fn judge(calm: [&Measured; 2], attacked: &Measured) -> Complaints {
    let mut complaints = Complaints::default();
    let mut broken = |is: bool, text: String| complaints.broken.extend(is.then_some(text));
    broken(attacked.sent == 0 || attacked.first_ms.is_empty(), "nothing was measured".to_owned());
    // What an attack does to later events counts as well.
    let count = |of: fn(&Measured) -> usize| [calm[0], calm[1], attacked].map(of).iter().sum::<usize>();
    let (refused, duplicates) = (count(|one| one.refused), count(|one| one.duplicates));
    let (missing, lost) = (count(|one| one.missing), count(|one| one.lost));
    broken(refused > 0, format!("{refused} events of the bystander were refused"));
    broken(duplicates > MOST_DUPLICATES, format!("{duplicates} duplicates"));
    broken(missing > 0, format!("{missing} deliveries did not arrive"));
    broken(lost > 0, format!("{lost} deliveries are lost"));
    let mut slow = |ratio: f64, what: &str| {
        // A ratio that is not a number keeps no promise.
        let kept = ratio < MOST_RATIO;
        complaints.worst = complaints.worst.max(ratio);
        complaints.slow.extend((!kept).then(|| format!("{what} {ratio:.2} times as long as without the attack")));
    };
    slow(first_ratio(calm, attacked), "first attempts took");
    slow(late_ratio(calm, attacked), "retries waited");
    let direct = attacked.load.direct_p99();
    if !complaints.slow.is_empty() && direct > MOST_DIRECT_MS {
        complaints.void = Some(format!("the machine was too busy: a direct call took {direct:.0} ms"));
    }
    complaints
}

fn shorter([one, other]: [f64; 2]) -> f64 {
    one.min(other)
}

#[cfg(test)]
mod tests {
    use super::super::measured::Load;
    use super::*;

    fn calm() -> Measured {
        let load = Load { direct_ms: vec![3.0], ..Load::default() };
        Measured { sent: 30, first_ms: vec![90.0, 200.0], late_ms: vec![40.0, 700.0], load, ..Measured::default() }
    }

    #[test]
    fn the_same_figures_keep_every_promise() {
        assert!(judge([&calm(), &calm()], &calm()).is_empty());
        let within = Measured { first_ms: vec![1_499.0], late_ms: vec![1_799.0], ..calm() };
        assert!(judge([&calm(), &calm()], &within).is_empty());
    }

    /// One planted fault at a time.
    #[test]
    fn each_planted_fault_is_found() {
        let late = |ms| Measured { late_ms: vec![40.0, ms], ..calm() };
        let slow = |ms| Measured { first_ms: vec![90.0, ms], ..calm() };
        for (planted, found) in [
            (slow(1_500.0), "first attempts took 1.50 times"),
            (slow(f64::INFINITY), "first attempts took inf times"),
            (slow(f64::NAN), "first attempts took inf times"),
            (late(1_800.0), "retries waited 1.50 times"),
            (Measured { late_ms: Vec::new(), ..calm() }, "retries waited inf times"),
            (Measured { duplicates: 1, ..calm() }, "1 duplicates"),
            (Measured { lost: 1, ..calm() }, "1 deliveries are lost"),
            (Measured { missing: 1, ..calm() }, "1 deliveries did not arrive"),
            (Measured { refused: 1, ..calm() }, "1 events of the bystander were refused"),
            (Measured { sent: 0, ..calm() }, "nothing was measured"),
        ] {
            let complaints = judge([&calm(), &calm()], &planted);
            assert!(complaints.text().starts_with(found), "{found}: {complaints:?}");
            assert_eq!(complaints.broken.len() + complaints.slow.len(), 1, "{complaints:?}");
        }
    }

    #[test]
    fn what_an_attack_leaves_behind_is_no_excuse() {
        let after = Measured { first_ms: vec![9_000.0], late_ms: vec![9_000.0], ..calm() };
        let attacked = Measured { first_ms: vec![2_000.0], ..calm() };
        assert_eq!(judge([&calm(), &after], &attacked), judge([&after, &calm()], &attacked));
        assert!(judge([&calm(), &after], &attacked).may_be_noise());
        assert!(judge([&after, &after], &attacked).is_empty(), "both were slow, so the machine is slow");
    }

    #[test]
    fn what_is_lost_or_duplicated_after_an_attack_counts() {
        for after in [Measured { lost: 1, ..calm() }, Measured { duplicates: 1, ..calm() }] {
            assert_eq!(judge([&calm(), &after], &calm()).broken.len(), 1);
        }
    }

    #[test]
    fn a_busy_machine_makes_times_void_and_excuses_nothing_else() {
        let load = Load { direct_ms: vec![MOST_DIRECT_MS + 1.0], ..Load::default() };
        let attacked = Measured { first_ms: vec![5_000.0], load, ..calm() };
        let complaints = judge([&calm(), &calm()], &attacked);
        assert!(complaints.void.is_some() && complaints.may_be_noise());
        let idle = Measured { load: Load::default(), ..attacked.clone() };
        assert!(!judge([&calm(), &calm()], &idle).may_be_noise(), "five times as slow, and the machine is not busy");
        let complaints = judge([&calm(), &calm()], &Measured { lost: 1, ..attacked });
        assert!(!complaints.may_be_noise() && !complaints.is_empty());
    }
}
