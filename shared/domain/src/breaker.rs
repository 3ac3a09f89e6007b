//! The circuit breaker of a webhook. The cost of an outage grows with the number of broken webhooks, not with the
//! number of events.
//!
//! While the breaker is closed, every delivery is attempted, and consecutive failures are counted. While it is open,
//! deliveries are held without an attempt, and one probe tries the oldest of them at growing intervals. A probe that
//! succeeds closes the breaker. A probe that fails when the breaker has been open for too long disables the webhook.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};

pub use crate::reasons::ClosedReason;
use crate::words::random_name;

/// Delay of the first probe, in seconds.
const FIRST_PROBE_SECONDS: i64 = 30;
/// Maximum delay between probes, in seconds (30 min).
const LAST_PROBE_SECONDS: i64 = 30 * 60;

/// When a breaker opens, and when the webhook is disabled. Each webhook has its own settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BreakerSettings {
    /// How many consecutive failures open the breaker, within [`Self::FAILURES`].
    pub failures: u32,
    /// How many seconds the failures must span, within [`Self::WINDOW_SECONDS`]. Reason: a short disturbance opens no
    /// breaker, even if many deliveries fail during it.
    pub window_seconds: u32,
    /// After how many open hours the webhook is disabled, within [`Self::DISABLE_AFTER_HOURS`].
    pub disable_after_hours: u32,
}

impl BreakerSettings {
    /// Bounds of `failures`.
    pub const FAILURES: RangeInclusive<u32> = 1..=1_000;
    /// Bounds of `window_seconds`: up to one day.
    pub const WINDOW_SECONDS: RangeInclusive<u32> = 0..=86_400;
    /// Bounds of `disable_after_hours`: up to 30 days.
    pub const DISABLE_AFTER_HOURS: RangeInclusive<u32> = 1..=720;
}

impl Default for BreakerSettings {
    /// 20 failures over at least 5 minutes; disabled after 5 days.
    fn default() -> Self {
        Self { failures: 20, window_seconds: 300, disable_after_hours: 5 * 24 }
    }
}

random_name!(
    /// The random name of the probe job of one outage. A probe job with any other name is void.
    ProbeId
);

/// The state of a webhook's breaker.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Breaker {
    /// Deliveries are attempted.
    Closed {
        /// Failures since the last success.
        failures: u32,
        /// When the first of these failures happened.
        since: Option<Timestamp>,
        /// The probe that closed the breaker, if a probe closed it.
        closed_by: Option<ProbeId>,
    },
    /// Deliveries are held.
    Open(Open),
}

/// An outage: the data of an open breaker.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Open {
    /// Every attempt has failed since this time.
    pub since: Timestamp,
    /// The only valid probe.
    pub probe: ProbeId,
    /// How often the probe has failed.
    pub failed_probes: u32,
    /// When the probe tries next.
    pub next_probe_at: Timestamp,
}

/// What follows from a failed probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterProbe {
    /// The outage continues.
    Again(Open),
    /// The outage has lasted too long: the webhook must be disabled.
    GiveUp,
}

impl Breaker {
    /// A breaker without any counted failure.
    pub const NEW: Self = Self::Closed { failures: 0, since: None, closed_by: None };

    /// Whether the counted failures open the breaker at `now`.
    pub fn trips(&self, settings: BreakerSettings, now: Timestamp) -> bool {
        match self {
            Self::Closed { failures, since: Some(since), .. } => {
                let window = SignedDuration::from_secs(i64::from(settings.window_seconds));
                *failures >= settings.failures && now.duration_since(*since) >= window
            }
            Self::Closed { since: None, .. } | Self::Open(_) => false,
        }
    }

    /// Whether one more failure at `now` could change the breaker. When enough failures are counted and only their
    /// window is not over yet, it could not. So a receiver that fails a thousand times per second does not cause a
    /// write for each failure.
    pub fn counts(&self, settings: BreakerSettings, now: Timestamp) -> bool {
        match self {
            Self::Closed { failures, .. } => *failures < settings.failures || self.trips(settings, now),
            Self::Open(_) => true,
        }
    }

    /// When the counted failures began; `now` when none are counted.
    pub fn failing_since(&self, now: Timestamp) -> Timestamp {
        match self {
            Self::Closed { since, .. } => since.unwrap_or(now),
            Self::Open(open) => open.since,
        }
    }

    /// Whether failures are counted that a success must reset.
    pub fn is_counting(&self) -> bool {
        matches!(self, Self::Closed { failures: 1.., .. })
    }
}

impl Open {
    /// An outage that begins at `now`, after failures since `since`.
    pub fn begin(probe: ProbeId, since: Timestamp, now: Timestamp) -> Self {
        Self { since, probe, failed_probes: 0, next_probe_at: later(now, probe_delay(0)) }
    }

    /// The failures that the breaker keeps when it closes because its probe had nothing to try: one more failure opens
    /// it again, as part of the same outage.
    pub fn failures_left(&self, settings: BreakerSettings) -> u32 {
        settings.failures.saturating_sub(1)
    }

    /// What follows when the probe failed at `now`.
    pub fn after_failed_probe(&self, settings: BreakerSettings, now: Timestamp) -> AfterProbe {
        let limit = SignedDuration::from_hours(i64::from(settings.disable_after_hours));
        if now.duration_since(self.since) >= limit {
            return AfterProbe::GiveUp;
        }
        let failed_probes = self.failed_probes.saturating_add(1);
        AfterProbe::Again(Self { failed_probes, next_probe_at: later(now, probe_delay(failed_probes)), ..self.clone() })
    }
}

/// What a probe has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProbeStanding {
    /// The probe is the valid one of an open breaker: it tries when it is due.
    Good(Open),
    /// The probe has closed the breaker. It is not known whether the work that follows from this was done.
    HasClosed,
    /// The probe belongs to another outage, or somebody closed the breaker by hand.
    Void,
}

/// What the probe with this name has to do, given the breaker.
pub fn probe_standing(breaker: Breaker, probe: &ProbeId) -> ProbeStanding {
    match breaker {
        Breaker::Open(open) if open.probe == *probe => ProbeStanding::Good(open),
        Breaker::Closed { closed_by: Some(closer), .. } if closer == *probe => ProbeStanding::HasClosed,
        Breaker::Open(_) | Breaker::Closed { .. } => ProbeStanding::Void,
    }
}

/// The delay of the next probe after `failed_probes` failures: 30 s, doubled each time, at most 30 min.
pub fn probe_delay(failed_probes: u32) -> SignedDuration {
    let doubled = FIRST_PROBE_SECONDS << failed_probes.min(10);
    SignedDuration::from_secs(doubled.min(LAST_PROBE_SECONDS))
}

fn later(now: Timestamp, delay: SignedDuration) -> Timestamp {
    now.saturating_add(delay).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    fn counted(failures: u32) -> Breaker {
        Breaker::Closed { failures, since: Some(at(0)), closed_by: None }
    }

    #[test]
    fn opens_after_enough_failures_over_enough_time() {
        let settings = BreakerSettings::default();
        for (failures, seconds, expected) in
            [(19, 1_000, false), (20, 299, false), (20, 300, true), (1_000, 0, false), (21, 100_000, true)]
        {
            assert_eq!(counted(failures).trips(settings, at(seconds)), expected, "{failures} over {seconds} s");
        }
        assert!(!Breaker::NEW.trips(settings, at(1_000)));
        let at_once = BreakerSettings { failures: 1, window_seconds: 0, ..settings };
        assert!(counted(1).trips(at_once, at(0)));
    }

    #[test]
    fn counts_no_further_than_it_has_to() {
        let settings = BreakerSettings::default();
        for (failures, seconds, expected) in [(0, 0, true), (19, 299, true), (20, 299, false), (20, 300, true)] {
            assert_eq!(counted(failures).counts(settings, at(seconds)), expected, "{failures} over {seconds} s");
        }
        let open = Open::begin(ProbeId::generate([1; 10]), at(0), at(0));
        assert!(Breaker::Open(open).counts(settings, at(0)), "who takes it for closed has to learn");
    }

    #[test]
    fn probes_widen_from_half_a_minute_to_half_an_hour() {
        let delays: Vec<_> = (0..9).map(|failed| probe_delay(failed).as_secs()).collect();
        assert_eq!(delays, [30, 60, 120, 240, 480, 960, 1800, 1800, 1800]);
        assert_eq!(probe_delay(u32::MAX).as_secs(), 1800);
    }

    #[test]
    fn gives_up_after_its_hours() {
        let settings = BreakerSettings { disable_after_hours: 1, ..BreakerSettings::default() };
        let open = Open::begin(ProbeId::generate([1; 10]), at(0), at(0));
        assert_eq!(open.next_probe_at, at(30));
        let AfterProbe::Again(again) = open.after_failed_probe(settings, at(3_599)) else { panic!("gave up early") };
        assert_eq!((again.since, again.failed_probes, again.next_probe_at), (at(0), 1, at(3_659)));
        assert_eq!(open.after_failed_probe(settings, at(3_600)), AfterProbe::GiveUp);
    }

    proptest! {
        /// The number of probes is bounded for every course of an outage: at most 48 a day, plus the first few.
        #[test]
        fn an_outage_costs_few_probes(took in 0_i64..15) {
            let settings = BreakerSettings::default();
            let mut open = Open::begin(ProbeId::generate([1; 10]), at(0), at(0));
            let mut probes = 0;
            while let AfterProbe::Again(again) =
                open.after_failed_probe(settings, open.next_probe_at + SignedDuration::from_secs(took))
            {
                prop_assert!(again.next_probe_at > open.next_probe_at);
                open = again;
                probes += 1;
            }
            prop_assert!((200..=5 * 48 + 7).contains(&probes), "{} probes", probes);
        }
    }
}
