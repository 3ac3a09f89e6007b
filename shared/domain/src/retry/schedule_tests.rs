//! Whole schedules, for all demands of receivers and all values of the jitter.

use proptest::prelude::*;

use super::*;
use crate::queue_limits::{self, RETENTION};

const BEGAN: Timestamp = Timestamp::UNIX_EPOCH;
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How much younger than SQS's retention every message stays when nothing else is late.
const MARGIN: SignedDuration = SignedDuration::from_hours(2);

/// One attempt of a schedule.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// `Retry-After`, in seconds.
    asks: Option<i64>,
    jitter: f64,
    /// How long after its scheduled time the attempt ends. This includes the time until a function gets the job, a line
    /// of slots, and the attempt itself.
    late: SignedDuration,
}

/// The result of a whole schedule.
#[derive(Debug)]
struct Lived {
    attempts: usize,
    /// From the first attempt to the last.
    lasted: SignedDuration,
    /// The highest age of a message, if each message is hidden whenever a wait is too long for a delayed message.
    oldest: SignedDuration,
}

/// Simulates a whole schedule.
fn live(policy: &RetryPolicy, step: impl Fn(usize) -> Step) -> Lived {
    let (mut now, mut sent) = (BEGAN, BEGAN);
    let mut lived = Lived { attempts: 0, lasted: SignedDuration::ZERO, oldest: SignedDuration::ZERO };
    for attempt in 1.. {
        let step = step(lived.attempts);
        lived.attempts += 1;
        lived.lasted = now.duration_since(BEGAN);
        now += step.late;
        lived.oldest = lived.oldest.max(now.duration_since(sent));
        let retry_after = step.asks.map(|seconds| now + SignedDuration::from_secs(seconds));
        let outcome = Outcome::RefusedStatus { status: 503, retry_after };
        let decision = decide(&outcome.into(), attempt, BEGAN, policy, now, step.jitter);
        let Decision::Retry { at } = decision else { break };
        if at.duration_since(now).as_secs() <= i64::from(queue_limits::MAX_DELAY_SECONDS) {
            sent = now;
        }
        now = at;
    }
    lived
}

fn end(policy: &RetryPolicy) -> SignedDuration {
    policy.elapsed_after(u32::MAX)
}

/// Checks a schedule in which only receivers and jitter move attempts.
fn check(policy: &RetryPolicy, step: impl Fn(usize) -> Step) {
    let lived = live(policy, step);
    let attempts = (1..).map_while(|attempt| policy.delay_after(attempt)).count() + 1;
    assert_eq!(lived.attempts, attempts, "{policy:?}");
    assert!(lived.lasted <= end(policy) + DAY, "{policy:?} {lived:?}");
    assert!(lived.oldest <= RETENTION - MARGIN, "{policy:?} {lived:?}");
}

fn policies() -> Vec<RetryPolicy> {
    let custom = |delays: &[i64]| RetryPolicy::Custom(Delays::new(delays).unwrap());
    let two_days = i64::from(MAX_DELAY_SECONDS);
    vec![
        RetryPolicy::Standard,
        RetryPolicy::Mailgreet,
        RetryPolicy::Mailjet,
        RetryPolicy::Mailgun,
        custom(&[0; 30]),
        custom(&[3_600; 30]),
        custom(&[37_440; 30]),
        custom(&[two_days, two_days, two_days, two_days, two_days, two_days, two_days / 2]),
    ]
}

#[test]
fn no_schedule_outlives_the_queue_for_any_demand_of_receivers() {
    for policy in policies() {
        for asks in [None, Some(12 * 3_600), Some(24 * 3_600), Some(i64::from(u32::MAX))] {
            for jitter in [-1.0, 0.0, 1.0] {
                check(&policy, |_| Step { asks, jitter, late: SignedDuration::ZERO });
            }
        }
    }
}

#[test]
fn an_attempt_slips_by_22_hours_at_most() {
    let policy = RetryPolicy::Custom(Delays::new(&[3_600, 3_600, 3_600]).unwrap());
    let wait = |attempt, hours| {
        let now = BEGAN + SignedDuration::from_hours(hours);
        let outcome = Outcome::RefusedStatus { status: 429, retry_after: Some(Timestamp::MAX) };
        let Decision::Retry { at } = decide(&outcome.into(), attempt, BEGAN, &policy, now, 0.0) else {
            panic!("a retry")
        };
        at.duration_since(now)
    };
    assert_eq!(wait(1, 0), SignedDuration::from_hours(12));
    // Its place in the schedule is 2 h after the beginning.
    assert_eq!(wait(2, 12), SignedDuration::from_hours(12));
    assert_eq!(wait(3, 24), SignedDuration::from_hours(1));
}

#[test]
fn what_was_lost_otherwise_is_not_made_up_for_by_hasty_attempts() {
    let now = BEGAN + SignedDuration::from_hours(100);
    let wait = |policy: &RetryPolicy, jitter| {
        let outcome = Outcome::RefusedStatus { status: 503, retry_after: Some(Timestamp::MAX) };
        let Decision::Retry { at } = decide(&outcome.into(), 1, BEGAN, policy, now, jitter) else { panic!("a retry") };
        at.duration_since(now).as_secs()
    };
    // The delay with the longest jitter, or the exact delay that the dialect promises.
    assert_eq!(wait(&RetryPolicy::Custom(Delays::new(&[3_600]).unwrap()), 1.0), 3_240);
    assert_eq!(wait(&RetryPolicy::Mailgun, 1.0), 300);
}

fn any_policy() -> impl Strategy<Value = RetryPolicy> {
    let longest = i64::from(MAX_DELAY_SECONDS);
    let delay = prop_oneof![0_i64..=longest, 0_i64..=1_000, Just(longest)];
    let custom = proptest::collection::vec(delay, 0..=MAX_DELAYS).prop_map(|mut delays| {
        // The longest beginning of the list that is a valid policy.
        while Delays::new(&delays).is_err() {
            delays.pop();
        }
        RetryPolicy::Custom(Delays::new(&delays).unwrap())
    });
    prop_oneof![proptest::sample::select(policies()), custom]
}

proptest! {
    #[test]
    fn no_message_outlives_the_queue_and_no_schedule_its_end_by_a_day(
        policy in any_policy(),
        steps in proptest::collection::vec((proptest::option::of(0_i64..200_000), -1.0_f64..=1.0), MAX_DELAYS + 1),
    ) {
        check(&policy, |index| {
            let (asks, jitter) = steps[index];
            Step { asks, jitter, late: SignedDuration::ZERO }
        });
    }

    /// Attempts take time too, and add no more than this time.
    #[test]
    fn slow_attempts_add_no_more_than_their_own_time(
        policy in any_policy(),
        steps in proptest::collection::vec((0_i64..200_000, -1.0_f64..=1.0, 0_i64..60), MAX_DELAYS + 1),
    ) {
        let late = SignedDuration::from_secs(steps.iter().map(|(_, _, late)| late).sum());
        let lived = live(&policy, |index| {
            let (asks, jitter, late) = steps[index];
            Step { asks: Some(asks), jitter, late: SignedDuration::from_secs(late) }
        });
        prop_assert!(lived.lasted <= end(&policy) + MAX_SLIP + late, "{lived:?}");
        prop_assert!(lived.oldest <= RETENTION - MARGIN + late, "{lived:?}");
    }
}
