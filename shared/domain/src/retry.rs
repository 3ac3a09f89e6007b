//! What follows from an attempt, and when a failed one is tried again: the whole rule.

use jiff::{SignedDuration, Timestamp};

use crate::delivery::{Outcome, ReceiverDirective, Target};
use crate::reasons::{DeadReason, DisabledReason};

mod policy;

pub use self::policy::{Delays, InvalidDelays, MAX_DELAY_SECONDS, MAX_DELAYS, MAX_TOTAL_SECONDS, RetryPolicy};

/// Maximum delay from now that `Retry-After` can cause.
const MAX_RETRY_AFTER: SignedDuration = SignedDuration::from_hours(12);
/// Maximum time by which `Retry-After` and jitter together may move an attempt behind its place in the schedule: 22 h.
/// Reason: the longest schedule lasts 13 days, and a message that carried the whole schedule stays 2 h younger than
/// SQS's retention of 14 days.
const MAX_SLIP: SignedDuration = SignedDuration::from_hours(22);
/// Maximum jitter, as a share of the delay, in both directions.
const JITTER_SHARE: f64 = 0.1;

/// The status of a message that is larger than its stream takes: "content too large" (RFC 9110, 15.5.14).
pub const TOO_LARGE: u16 = 413;

/// The result of an attempt, as far as it decides what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttemptEnd<'a> {
    /// How the attempt ended.
    pub outcome: Outcome,
    /// What the receiver demanded in its response.
    pub directive: Option<ReceiverDirective>,
    /// The URL at which the attempt ended.
    pub target: Target,
    /// The kind of receiver.
    pub receiver: Receiver<'a>,
}

/// The kind of receiver, as far as it decides what a status means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver<'a> {
    /// An HTTPS URL.
    Endpoint {
        /// The statuses that are final in the webhook's dialect.
        final_statuses: &'a [u16],
    },
    /// A stream. Its service responds, not the consumer.
    Stream,
}

/// An attempt at the webhook's own URL, without a demand, in a dialect without final statuses.
impl From<Outcome> for AttemptEnd<'static> {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, directive: None, target: Target::Primary, receiver: Receiver::Endpoint { final_statuses: &[] } }
    }
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The delivery is delivered.
    Done,
    /// Try again.
    Retry {
        /// The earliest time of the next attempt.
        at: Timestamp,
    },
    /// Give the delivery up: it becomes a dead letter.
    Dead {
        /// Why the delivery is given up.
        reason: DeadReason,
    },
    /// Disable the webhook: its receiver wants nothing more.
    Disable {
        /// Why the webhook is disabled.
        disabled: DisabledReason,
        /// Why the delivery is given up; `None` when the receiver accepted it.
        dead: Option<DeadReason>,
    },
}

/// The decision that an attempt forces independently of the schedule; `None` when the attempt failed and may be
/// repeated, here or at the backup URL.
///
/// Success counts as success even if the receiver also demands not to get this event again. A 410 is about the URL that
/// answers it: at the backup URL it is an ordinary failure. The service of a stream answers 410 when the stream does
/// not exist, and the stream's owner may create it later. A message that is too large for a stream stays too large.
pub fn final_decision(end: &AttemptEnd<'_>) -> Option<Decision> {
    let disable = |disabled, dead| Some(Decision::Disable { disabled, dead });
    match (end.outcome, end.directive) {
        (Outcome::RefusedStatus { status: TOO_LARGE, .. }, _) if end.receiver == Receiver::Stream => {
            Some(Decision::Dead { reason: DeadReason::TooLarge })
        }
        (Outcome::Delivered { .. }, Some(ReceiverDirective::Disable)) => disable(DisabledReason::ReceiverAsked, None),
        (Outcome::Delivered { .. }, Some(ReceiverDirective::AbortMessage) | None) => Some(Decision::Done),
        (_, Some(ReceiverDirective::Disable)) => {
            disable(DisabledReason::ReceiverAsked, Some(DeadReason::ReceiverAsked))
        }
        (Outcome::RefusedStatus { status: 410, .. }, _)
            if end.target == Target::Primary && end.receiver != Receiver::Stream =>
        {
            disable(DisabledReason::Gone, Some(DeadReason::Gone))
        }
        (_, Some(ReceiverDirective::AbortMessage)) => Some(Decision::Dead { reason: DeadReason::Aborted }),
        (Outcome::RefusedStatus { status, .. }, None) if end.receiver.calls_final(status) => {
            Some(Decision::Dead { reason: DeadReason::Refused })
        }
        (_, None) => None,
    }
}

impl Receiver<'_> {
    fn calls_final(&self, status: u16) -> bool {
        match self {
            Self::Endpoint { final_statuses } => final_statuses.contains(&status),
            Self::Stream => false,
        }
    }
}

/// Decides what follows from attempt number `attempt` (from 1, within its round) that ended as `end` at `now`.
/// `began` is when the round's first attempt was made.
///
/// `jitter` is in -1.0..=1.0 and moves the delay by up to 10 %. `Retry-After` counts on 429 and 503 only. It never
/// makes an attempt earlier than the schedule, and it delays an attempt until 12 h from now at most. The next attempt
/// asks the webhook's own URL first, so the `Retry-After` of this URL counts, and not that of the backup URL.
/// `Retry-After` and jitter together never move an attempt more than 22 h behind its place in the schedule. Time that
/// was lost for other reasons, in the line of a rate limit or while no function ran, does not make later delays
/// shorter.
pub fn decide(
    end: &AttemptEnd<'_>,
    attempt: u32,
    began: Timestamp,
    policy: &RetryPolicy,
    now: Timestamp,
    jitter: f64,
) -> Decision {
    if let Some(decision) = final_decision(end) {
        return decision;
    }
    let failed_at_main = match end.target {
        Target::Primary => end.outcome,
        Target::Backup { primary: main } => main,
    };
    let retry_after = match failed_at_main {
        Outcome::RefusedStatus { status: 429 | 503, retry_after } => retry_after,
        Outcome::Delivered { .. }
        | Outcome::RefusedStatus { .. }
        | Outcome::Timeout
        | Outcome::Dns
        | Outcome::Connect
        | Outcome::Tls
        | Outcome::BlockedAddress
        | Outcome::Protocol => None,
    };
    let Some(seconds) = policy.delay_after(attempt) else {
        return Decision::Dead { reason: DeadReason::AttemptsExhausted };
    };
    let share = if policy.jittered() { JITTER_SHARE } else { 0.0 };
    let after_delay =
        |jitter: f64| later(now, SignedDuration::from_secs_f64(f64::from(seconds) * (1.0 + jitter * share)));
    let scheduled = after_delay(jitter.clamp(-1.0, 1.0));
    let demanded = retry_after.map_or(scheduled, |demanded| demanded.min(later(now, MAX_RETRY_AFTER)));
    let latest = later(began, policy.elapsed_after(attempt).saturating_add(MAX_SLIP));
    Decision::Retry { at: scheduled.max(demanded).min(latest).max(after_delay(-1.0)) }
}

fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod schedule_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn refused(status: u16, retry_after: Option<i64>) -> Outcome {
        Outcome::RefusedStatus { status, retry_after: retry_after.map(|s| NOW + SignedDuration::from_secs(s)) }
    }

    fn wait(outcome: &Outcome, attempt: u32, policy: &RetryPolicy) -> Option<i64> {
        match decide(&AttemptEnd::from(*outcome), attempt, NOW, policy, NOW, 0.0) {
            Decision::Retry { at } => Some(at.as_second()),
            _ => None,
        }
    }

    fn schedule(policy: &RetryPolicy) -> Vec<i64> {
        (1..).map_while(|attempt| wait(&Outcome::Timeout, attempt, policy)).collect()
    }

    #[test]
    fn schedules() {
        assert_eq!(schedule(&RetryPolicy::Standard), [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]);
        assert_eq!(schedule(&RetryPolicy::Mailgreet), [60, 300, 1800]);
        assert_eq!(schedule(&RetryPolicy::Mailgun), [300, 600, 900, 3600, 7200, 14400]);
        let mailjet = schedule(&RetryPolicy::Mailjet);
        assert_eq!(mailjet[..8], [30, 60, 120, 240, 480, 960, 1920, 3600]);
        let total: i64 = mailjet.iter().sum();
        assert!((23 * 3600..=24 * 3600).contains(&total), "{total}");
    }

    #[test]
    fn verdicts() {
        let policy = RetryPolicy::Custom(Delays::new(&[10]).unwrap());
        let decided = |outcome: Outcome, attempt| decide(&outcome.into(), attempt, NOW, &policy, NOW, 0.0);
        assert_eq!(decided(Outcome::Delivered { status: 200 }, 1), Decision::Done);
        assert_eq!(decided(refused(410, None), 1), GONE);
        assert_eq!(decided(Outcome::Dns, 2), Decision::Dead { reason: DeadReason::AttemptsExhausted });
    }

    const GONE: Decision = Decision::Disable { disabled: DisabledReason::Gone, dead: Some(DeadReason::Gone) };

    #[test]
    fn what_receivers_ask_for() {
        let abort = Some(Decision::Dead { reason: DeadReason::Aborted });
        let disable = |dead| Some(Decision::Disable { disabled: DisabledReason::ReceiverAsked, dead });
        for (outcome, directive, expected) in [
            (refused(500, None), ReceiverDirective::AbortMessage, abort),
            (refused(503, Some(60)), ReceiverDirective::AbortMessage, abort),
            (refused(410, None), ReceiverDirective::AbortMessage, Some(GONE)),
            (Outcome::Delivered { status: 200 }, ReceiverDirective::AbortMessage, Some(Decision::Done)),
            (refused(500, None), ReceiverDirective::Disable, disable(Some(DeadReason::ReceiverAsked))),
            (refused(410, None), ReceiverDirective::Disable, disable(Some(DeadReason::ReceiverAsked))),
            (Outcome::Delivered { status: 204 }, ReceiverDirective::Disable, disable(None)),
        ] {
            let end = AttemptEnd { directive: Some(directive), ..outcome.into() };
            assert_eq!(final_decision(&end), expected, "{outcome:?} {directive:?}");
            assert_eq!(
                Some(decide(&end, 1, NOW, &RetryPolicy::Standard, NOW, 0.0)),
                expected,
                "{outcome:?} {directive:?}"
            );
        }
    }

    #[test]
    fn a_dialects_final_statuses_end_the_delivery() {
        let policy = RetryPolicy::Standard;
        let dead = Decision::Dead { reason: DeadReason::Refused };
        let of_mailgun = |status| AttemptEnd {
            receiver: Receiver::Endpoint { final_statuses: &[406] },
            ..refused(status, None).into()
        };
        assert_eq!(decide(&of_mailgun(406), 1, NOW, &policy, NOW, 0.0), dead);
        assert!(matches!(decide(&of_mailgun(500), 1, NOW, &policy, NOW, 0.0), Decision::Retry { .. }));
        assert!(matches!(decide(&refused(406, None).into(), 1, NOW, &policy, NOW, 0.0), Decision::Retry { .. }));
        for dialect in crate::dialect::Dialect::ALL {
            assert!(!dialect.final_statuses().iter().any(|status| dialect.accepts()(*status)), "{}", dialect.as_str());
        }
    }

    #[test]
    fn a_streams_service_is_never_gone_and_what_is_too_large_for_it_is_given_up() {
        let policy = RetryPolicy::Standard;
        let of_stream = |status| AttemptEnd { receiver: Receiver::Stream, ..refused(status, None).into() };
        assert_eq!(final_decision(&of_stream(410)), None);
        assert!(matches!(decide(&of_stream(410), 1, NOW, &policy, NOW, 0.0), Decision::Retry { .. }));
        assert_eq!(final_decision(&of_stream(413)), Some(Decision::Dead { reason: DeadReason::TooLarge }));
        assert_eq!(final_decision(&refused(413, None).into()), None);
        for status in [400, 401, 403, 404, 406, 429] {
            assert_eq!(final_decision(&of_stream(status)), None, "{status}");
        }
    }

    #[test]
    fn a_backup_that_failed_too_leaves_the_decision_to_the_schedule_and_the_main_url() {
        let policy = RetryPolicy::Custom(Delays::new(&[10]).unwrap());
        let target = Target::Backup { primary: refused(503, Some(100)) };
        let at_backup = |outcome: Outcome, directive| AttemptEnd { directive, target, ..outcome.into() };
        for outcome in [Outcome::Timeout, refused(410, None), refused(429, Some(5000))] {
            assert_eq!(final_decision(&at_backup(outcome, None)), None, "{outcome:?}");
            let decision = decide(&at_backup(outcome, None), 1, NOW, &policy, NOW, 0.0);
            assert_eq!(decision, Decision::Retry { at: NOW + SignedDuration::from_secs(100) }, "{outcome:?}");
        }
        assert_eq!(final_decision(&at_backup(Outcome::Delivered { status: 200 }, None)), Some(Decision::Done));
        let aborted = final_decision(&at_backup(refused(410, None), Some(ReceiverDirective::AbortMessage)));
        assert_eq!(aborted, Some(Decision::Dead { reason: DeadReason::Aborted }));
    }

    #[test]
    fn retry_after_only_delays_and_only_on_429_and_503() {
        let policy = RetryPolicy::Custom(Delays::new(&[10]).unwrap());
        for (status, asked, expected) in [
            (429, 100, 100),
            (503, 100, 100),
            (429, 3, 10),
            (429, 1_000_000, 12 * 3600),
            (500, 100, 10),
            (404, 100, 10),
        ] {
            assert_eq!(wait(&refused(status, Some(asked)), 1, &policy), Some(expected), "{status} {asked}");
        }
    }

    #[test]
    fn custom_delays_have_limits() {
        assert_eq!(Delays::new(&[1, -1]), Err(InvalidDelays::OutOfRange { index: 1, got: -1 }));
        assert_eq!(Delays::new(&[172_801]), Err(InvalidDelays::OutOfRange { index: 0, got: 172_801 }));
        assert_eq!(Delays::new(&[0; 31]), Err(InvalidDelays::TooMany(31)));
        assert_eq!(Delays::new(&[172_800; 7]), Err(InvalidDelays::TooLong(1_209_600)));
    }

    proptest! {
        #[test]
        fn jitter_stays_within_a_tenth(attempt in 1_u32..9, jitter in -2.0_f64..2.0) {
            let exact = RetryPolicy::Standard.delay_after(attempt).unwrap();
            let decision = decide(&Outcome::Connect.into(), attempt, NOW, &RetryPolicy::Standard, NOW, jitter);
            let Decision::Retry { at } = decision else { panic!("not a retry") };
            let got = at.duration_since(NOW).as_secs_f64();
            prop_assert!((got - f64::from(exact)).abs() <= f64::from(exact) * 0.1 + 0.001);
        }
    }
}
