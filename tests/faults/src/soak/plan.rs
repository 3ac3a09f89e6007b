//! The plan of a run. All of it follows from the run's length and seed.

use std::time::Duration;

use serde_json::{Value, json};

use super::chance::Chance;
use super::faults::{Storm, Target};

/// The behaviour of a receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behaviour {
    /// Answers 204.
    Healthy,
    /// Answers 500 to one request in five.
    FailsOften,
    /// Resets connections, then recovers and is healthy.
    DownAtFirst,
    /// Answers 429 with `Retry-After` to the first request of every event.
    Busy,
    /// Answers 500 until it has got some event more often than Lambda allows invocations in one chain.
    Stubborn,
    /// Kills the function that posts, before or after the answer, at one request in twenty.
    KillsCaller,
    /// Never answers.
    Hangs,
    /// Sends its answer at one byte per second.
    Drips,
    /// Reads the request and resets the connection.
    Resets,
    /// Answers 200 with 10 MiB.
    Floods,
    /// Answers with something that is not HTTP.
    Garbage,
    /// Announces a longer body than it sends.
    ClosesEarly,
    /// Redirects to the cloud's metadata address.
    RedirectsToMetadata,
    /// Redirects to an address that deliveries may go to, but that is not the webhook's own address.
    RedirectsToCanary,
    /// Answers 410 from its fourth delivery on.
    Gone,
}

impl Behaviour {
    /// All behaviours, each with its number of webhooks.
    pub(super) const CAST: [(Self, usize); 15] = [
        (Self::Healthy, 3),
        (Self::FailsOften, 2),
        (Self::DownAtFirst, 1),
        (Self::Busy, 1),
        (Self::Stubborn, 1),
        (Self::KillsCaller, 1),
        (Self::Hangs, 1),
        (Self::Drips, 1),
        (Self::Resets, 1),
        (Self::Floods, 1),
        (Self::Garbage, 1),
        (Self::ClosesEarly, 1),
        (Self::RedirectsToMetadata, 1),
        (Self::RedirectsToCanary, 1),
        (Self::Gone, 1),
    ];

    /// The behaviour's name in the report and in the receiver's URL.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::FailsOften => "fails 20 %",
            Self::DownAtFirst => "down at first",
            Self::Busy => "429 at first",
            Self::Stubborn => "500 for 20 attempts",
            Self::KillsCaller => "kills its caller",
            Self::Hangs => "hangs",
            Self::Drips => "drips a byte a second",
            Self::Resets => "resets",
            Self::Floods => "answers 10 MiB",
            Self::Garbage => "answers garbage",
            Self::ClosesEarly => "closes early",
            Self::RedirectsToMetadata => "redirects to metadata",
            Self::RedirectsToCanary => "redirects elsewhere",
            Self::Gone => "410 from the third on",
        }
    }

    /// Whether every delivery must arrive in the end, because the receiver recovers before the schedule is used up.
    pub(super) fn must_get_everything(self) -> bool {
        matches!(self, Self::Healthy | Self::DownAtFirst | Self::Busy | Self::Stubborn | Self::KillsCaller)
    }

    /// The settings of the receiver's webhook, without the URL. Schedules and breakers are short, so that they fit into
    /// the run.
    pub(super) fn settings(self) -> Value {
        let patient = json!({"delays_seconds": [1, 2, 3, 5, 8, 13]});
        let short = json!({"delays_seconds": [1, 2, 3]});
        let insistent = json!({"delays_seconds": vec![1; 25]});
        let quick = json!({"failures": 3, "window_seconds": 0});
        match self {
            Self::Healthy | Self::FailsOften | Self::Busy | Self::KillsCaller => {
                json!({"events": ["*"], "retry_policy": patient, "timeout_ms": 5_000})
            }
            Self::Stubborn => json!({"events": ["*"], "retry_policy": insistent, "timeout_ms": 5_000}),
            Self::DownAtFirst => json!({"events": ["*"], "retry_policy": patient, "breaker": quick}),
            Self::Hangs => json!({"events": ["*"], "retry_policy": short, "timeout_ms": 1_000, "breaker": quick}),
            Self::Drips => json!({"events": ["*"], "retry_policy": short, "timeout_ms": 2_000}),
            Self::Resets
            | Self::Floods
            | Self::Garbage
            | Self::ClosesEarly
            | Self::RedirectsToMetadata
            | Self::RedirectsToCanary
            | Self::Gone => json!({"events": ["*"], "retry_policy": short}),
        }
    }
}

/// A sender's request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Post {
    /// Events of the platform itself, with these numbers.
    Own { first: u32, events: u32 },
    /// A Mailgun post with one event.
    Mailgun { number: u32 },
    /// A `SendGrid` post with one event.
    SendGrid { number: u32 },
}

/// A run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// The seed of all random numbers.
    pub seed: u64,
    /// Planned duration of the run; the times for sending, faults and settling follow from it.
    pub length: Duration,
}

/// Senders' requests per second. Reason: the emulator can handle this many on two cores, with capacity left for
/// retries.
const POSTS_PER_SECOND: f64 = 0.7;
/// Mean time between the beginnings of two storms.
const STORM_EVERY_SECONDS: u64 = 14;
/// Duration of a storm. Reason: longer than the SDK's tries, shorter than a function's time limit.
const STORM_SECONDS: std::ops::Range<u64> = 3..7;
/// Time between two kills by the clock. Kills during a call are separate from these.
const KILL_EVERY_MILLIS: std::ops::Range<u64> = 2_000..7_000;

/// Time that the last deliveries need to settle: a visibility timeout, the rest of a schedule, and a probe.
const REST: Duration = Duration::from_secs(65);
/// Time between the last post and the end of the faults.
const LAST_FAULTS: Duration = Duration::from_secs(4);

impl Plan {
    /// Time at which senders stop.
    pub(super) fn sending(&self) -> Duration {
        self.faults().saturating_sub(LAST_FAULTS)
    }

    /// Time until which calls go wrong and functions are killed.
    pub(super) fn faults(&self) -> Duration {
        self.length.saturating_sub(REST)
    }

    /// Time at which the receiver that is down at first recovers.
    pub(super) fn back(&self) -> Duration {
        self.length.mul_f64(0.15)
    }

    /// All posts, each with its time.
    pub(super) fn posts(&self) -> Vec<(Duration, Post)> {
        let mut chance = Chance::from_seed(self.seed).branch();
        let mut posts = Vec::new();
        let (mut at, mut number) = (Duration::ZERO, 0);
        while at < self.sending() {
            let post = match chance.within(0..10) {
                0 | 1 => Post::Mailgun { number },
                2 | 3 => Post::SendGrid { number },
                events => Post::Own { first: number, events: u32::try_from(events).unwrap_or(4) - 3 },
            };
            number += match post {
                Post::Own { events, .. } => events,
                Post::Mailgun { .. } | Post::SendGrid { .. } => 1,
            };
            posts.push((at, post));
            let pause = 1_000.0 / POSTS_PER_SECOND;
            at += Duration::from_millis(chance.within(0..2_000)).mul_f64(pause / 1_000.0);
        }
        posts
    }

    /// All storms.
    pub(super) fn storms(&self) -> Vec<Storm> {
        let mut chance = Chance::from_seed(self.seed.wrapping_add(1)).branch();
        let mut storms = Vec::new();
        let mut from = 3;
        while from < self.faults().as_secs() {
            let seconds = chance.within(STORM_SECONDS);
            let target = chance.pick(&Target::EACH).copied().unwrap_or(Target::All);
            let (start, end) = (Duration::from_secs(from), Duration::from_secs(from + seconds));
            storms.push(Storm { target, from: start, to: end });
            from += chance.within(STORM_EVERY_SECONDS / 2..STORM_EVERY_SECONDS * 3 / 2).max(seconds);
        }
        storms
    }

    /// The times at which functions are killed by the clock.
    pub(super) fn kills(&self) -> Vec<Duration> {
        let mut chance = Chance::from_seed(self.seed.wrapping_add(2)).branch();
        let mut kills = Vec::new();
        let mut at = Duration::from_millis(chance.within(KILL_EVERY_MILLIS));
        while at < self.faults() {
            kills.push(at);
            at += Duration::from_millis(chance.within(KILL_EVERY_MILLIS));
        }
        kills
    }

    /// A generator for a part that draws numbers during the run.
    pub(super) fn chance(&self, part: u64) -> Chance {
        Chance::from_seed(self.seed.wrapping_add(part)).branch()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_plan_and_everything_is_in_time() {
        let plan = |seed| Plan { seed, length: Duration::from_secs(100) };
        assert_eq!(plan(1).posts(), plan(1).posts());
        assert_ne!(plan(1).posts(), plan(2).posts());
        assert!(plan(1).posts().iter().all(|(at, _)| *at < plan(1).sending()));
        assert!(!plan(1).storms().is_empty() && plan(1).kills().len() > 3);
        assert!(plan(1).kills().iter().all(|at| *at < plan(1).faults()));
        let events: u32 =
            plan(1).posts().iter().map(|(_, post)| if let Post::Own { events, .. } = post { *events } else { 1 }).sum();
        assert!((20..220).contains(&events), "{events}");
    }
}
