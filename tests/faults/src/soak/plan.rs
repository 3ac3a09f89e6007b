//! What a run does and when: everything follows from its length and its seed.

use std::time::Duration;

use serde_json::{Value, json};

use super::chance::Chance;
use super::faults::{Storm, Target};

/// How a receiver behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behaviour {
    /// Answers 204.
    Healthy,
    /// Answers 500 to one request in five.
    FailsOften,
    /// Resets connections, then comes back and is healthy.
    DownAtFirst,
    /// Answers 429 with `Retry-After` to the first request of every event.
    Busy,
    /// Answers 500 until it has been asked for some event more often than Lambda lets a chain of invocations go on.
    Stubborn,
    /// Kills the function that posts, before or after answering, at one request in twenty.
    KillsCaller,
    /// Never answers.
    Hangs,
    /// Sends its answer at one byte a second.
    Drips,
    /// Reads the request and resets the connection.
    Resets,
    /// Answers 200 with 10 MiB.
    Floods,
    /// Answers with something that is not HTTP.
    Garbage,
    /// Promises more than it sends.
    ClosesEarly,
    /// Redirects to the cloud's metadata address.
    RedirectsToMetadata,
    /// Redirects to an address that deliveries may go to, but this one was not asked for.
    RedirectsToCanary,
    /// Answers 410 after its third delivery.
    Gone,
}

impl Behaviour {
    /// All of them, with how many webhooks of each there are.
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

    /// Its name in the report and in its URL.
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

    /// Whether everything has to arrive in the end: what stands in the way passes before the schedule is used up.
    pub(super) fn must_get_everything(self) -> bool {
        matches!(self, Self::Healthy | Self::DownAtFirst | Self::Busy | Self::Stubborn | Self::KillsCaller)
    }

    /// The settings of its webhook, beside the URL. Schedules and breakers are quick, so that they fit into the run.
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

/// One request that a sender makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Post {
    /// Own events with these numbers.
    Own { first: u32, events: u32 },
    /// A post of Mailgun's with one event.
    Mailgun { number: u32 },
    /// A post of `SendGrid`'s with one event.
    SendGrid { number: u32 },
}

/// A run.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// What all chance follows from.
    pub seed: u64,
    /// How long it is meant to take; sending, faults and rest follow from it.
    pub length: Duration,
}

/// Requests of senders per second: what the emulator carries on two cores, with room for the retries.
const POSTS_PER_SECOND: f64 = 0.7;
/// A storm begins about so often.
const STORM_EVERY_SECONDS: u64 = 14;
/// How long one lasts: longer than the SDK's tries, shorter than a function's time limit.
const STORM_SECONDS: std::ops::Range<u64> = 3..7;
/// Between two kills by the clock, beside those in mid-call.
const KILL_EVERY_MILLIS: std::ops::Range<u64> = 2_000..7_000;

/// What the last deliveries need to come to rest: a visibility timeout, the rest of a schedule, and a probe.
const REST: Duration = Duration::from_secs(65);
/// Between the last post and the end of the faults.
const LAST_FAULTS: Duration = Duration::from_secs(4);

impl Plan {
    /// Senders send until then.
    pub(super) fn sending(&self) -> Duration {
        self.faults().saturating_sub(LAST_FAULTS)
    }

    /// Calls go wrong and functions are killed until then.
    pub(super) fn faults(&self) -> Duration {
        self.length.saturating_sub(REST)
    }

    /// The receiver that is down at first comes back then.
    pub(super) fn back(&self) -> Duration {
        self.length.mul_f64(0.15)
    }

    /// Every post, by when it is made.
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

    /// Every storm.
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

    /// When functions are killed by the clock.
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

    /// A generator for a part that draws as things happen.
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
