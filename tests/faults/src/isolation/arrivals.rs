//! What the bystander's receivers saw of each event. Pure.

use std::time::{Duration, Instant};

use super::measured::Measured;

/// The delay before each retry of the bystander. Reason: longer than the interval in which the mappings look, and short
/// enough for a short run.
pub(super) const RETRY: Duration = Duration::from_secs(3);
/// The jitter that the product adds to a delay at most, as a share of the delay.
const JITTER: f64 = 0.1;

/// What the receivers saw of one event.
#[derive(Debug, Clone)]
pub(super) struct Arrivals {
    /// When the event was to be sent. Not when it was: a slow answer must not hide what follows from it.
    pub(super) due: Instant,
    /// The requests of the receiver that is quick.
    pub(super) quick: Vec<Instant>,
    /// The requests of the receiver that fails once.
    pub(super) fails_once: Vec<Instant>,
}

impl Arrivals {
    /// The times to the first attempts, in milliseconds.
    pub(super) fn first_ms(&self) -> [f64; 2] {
        [&self.quick, &self.fails_once].map(|asked| between(Some(&self.due), asked.first()))
    }

    /// How much later than its latest moment the second attempt was, in milliseconds. The schedule counts from the
    /// first attempt.
    fn late_ms(&self) -> f64 {
        let latest_ms = RETRY.as_secs_f64() * 1_000.0 * (1.0 + JITTER);
        (between(self.fails_once.first(), self.fails_once.get(1)) - latest_ms).max(0.0)
    }

    /// Requests without a reason. The receiver that fails once has to be asked twice.
    fn duplicates(&self) -> usize {
        self.quick.len().saturating_sub(1) + self.fails_once.len().saturating_sub(2)
    }
}

impl Measured {
    /// The figures of these events.
    pub(super) fn of(events: &[Arrivals]) -> Self {
        let ascending = |mut figures: Vec<f64>| {
            figures.sort_by(f64::total_cmp);
            figures
        };
        Self {
            first_ms: ascending(events.iter().flat_map(Arrivals::first_ms).collect()),
            late_ms: ascending(events.iter().map(Arrivals::late_ms).collect()),
            duplicates: events.iter().map(Arrivals::duplicates).sum(),
            ..Self::default()
        }
    }
}

/// Milliseconds between two moments; infinite if one is missing.
fn between(from: Option<&Instant>, to: Option<&Instant>) -> f64 {
    let duration = from.zip(to).map(|(from, to)| to.saturating_duration_since(*from));
    duration.map_or(f64::INFINITY, |duration| duration.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrivals(due: Instant, quick: &[u64], fails_once: &[u64]) -> Arrivals {
        let at = |ms: &[u64]| ms.iter().map(|ms| due + Duration::from_millis(*ms)).collect();
        Arrivals { due, quick: at(quick), fails_once: at(fails_once) }
    }

    #[test]
    fn figures_follow_from_the_requests() {
        let now = Instant::now();
        let close = |figures: &[f64], expected: &[f64]| {
            figures.len() == expected.len()
                && figures.iter().zip(expected).all(|(one, other)| (one - other).abs() < 0.01)
        };
        // The retry of the first event is in time: its delay is 3 s, or 3.3 s with all jitter.
        let good = Measured::of(&[arrivals(now, &[100], &[200, 3_500]), arrivals(now, &[50], &[60, 4_360])]);
        assert!(
            close(&good.first_ms, &[50.0, 60.0, 100.0, 200.0]) && close(&good.late_ms, &[0.0, 1_000.0]),
            "{good:?}"
        );
        assert_eq!(good.duplicates, 0);
        let twice = Measured::of(&[arrivals(now, &[100, 101, 102], &[200, 3_500, 3_501])]);
        assert_eq!(twice.duplicates, 3);
        let missing = Measured::of(&[arrivals(now, &[], &[200])]);
        assert!(missing.first_p99().is_infinite() && missing.late_p99().is_infinite() && missing.duplicates == 0);
    }
}
