//! The consent of a new URL: nothing is delivered to it before it has answered a challenge. Pure.

use jiff::{SignedDuration, Timestamp};

use crate::delivery::Outcome;
use crate::words::{random_name, string_enum};

/// Minimum time between two challenges for one webhook (1 min). Reason: a challenge is a POST to somebody who has not
/// agreed to anything, so no request of a tenant may cause many of them.
pub const MIN_CHALLENGE_INTERVAL: SignedDuration = SignedDuration::from_secs(60);
/// Waits between the challenges of one verification. Reason: a receiver that is deployed at the same time is ready
/// within minutes. No wait is shorter than [`MIN_CHALLENGE_INTERVAL`] or longer than a message can be delayed.
pub const CHALLENGE_WAITS: [SignedDuration; 3] =
    [MIN_CHALLENGE_INTERVAL, SignedDuration::from_mins(5), SignedDuration::from_mins(15)];
/// Maximum challenges of one verification. Reason: there is one after each wait, and the first. Somebody has to ask for
/// more.
pub const MAX_CHALLENGES: u8 = 4;

random_name!(
    /// The random name of one verification. The answer to a challenge of any other verification counts for nothing.
    VerificationId
);

string_enum!(
    /// How the last challenge ended.
    ChallengeResult {
        /// The URL answered with the challenge.
        Answered = "answered",
        /// The URL answered 2xx, but without the challenge.
        WrongAnswer = "wrong_answer",
        /// The URL answered with another status.
        Refused = "refused",
        /// There was no answer in time.
        Timeout = "timeout",
        /// The host name could not be resolved.
        Dns = "dns",
        /// No connection could be made.
        Connect = "connect",
        /// The TLS handshake failed.
        Tls = "tls",
        /// The connection broke, or the answer was not HTTP.
        Protocol = "protocol",
        /// The host has an address that may not be called.
        BlockedAddress = "blocked_address",
    }
);

string_enum!(
    /// Why a webhook is pending.
    PendingReason {
        /// A challenge is under way, or the next one is still to come.
        Challenging = "challenging",
        /// No challenge was answered, and no more are made until somebody asks for them.
        Unanswered = "unanswered",
    }
);

impl ChallengeResult {
    /// How a challenge ended, given the outcome of its request and whether the answer has the challenge.
    pub fn of(outcome: Outcome, has_challenge: bool) -> Self {
        match outcome {
            Outcome::Delivered { .. } if has_challenge => Self::Answered,
            Outcome::Delivered { .. } => Self::WrongAnswer,
            Outcome::RefusedStatus { .. } => Self::Refused,
            Outcome::Timeout => Self::Timeout,
            Outcome::Dns => Self::Dns,
            Outcome::Connect => Self::Connect,
            Outcome::Tls => Self::Tls,
            Outcome::Protocol => Self::Protocol,
            Outcome::BlockedAddress => Self::BlockedAddress,
        }
    }
}

/// What is known about the consent of a webhook's URLs. It exists since the first new URL after the operator turned
/// consent on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UrlVerification {
    /// The name. Another URL and a repeat call begin a verification with another name.
    pub id: VerificationId,
    /// Since when the webhook is, or was, pending.
    pub since: Timestamp,
    /// When all URLs had answered; `None` while the webhook is pending.
    pub verified_at: Option<Timestamp>,
    /// Whether `url` has still to answer.
    pub main: bool,
    /// Whether `backup_url` has still to answer.
    pub backup: bool,
    /// How many challenges were made in this verification.
    pub challenges: u8,
    /// When the last challenge was made. Before the first one: when it may be made.
    pub challenged_at: Timestamp,
    /// How the last challenge ended; `None` before the first, and if this was lost.
    pub result: Option<ChallengeResult>,
}

impl UrlVerification {
    /// Whether deliveries are held until the URLs have answered.
    pub fn is_pending(&self) -> bool {
        self.verified_at.is_none()
    }

    /// When the next challenge is due; `None` if no more are made, or the webhook is not pending.
    pub fn next_challenge_at(&self) -> Option<Timestamp> {
        if !self.is_pending() || self.challenges >= MAX_CHALLENGES {
            return None;
        }
        let waits = usize::from(self.challenges).checked_sub(1).and_then(|made| CHALLENGE_WAITS.get(made));
        let wait = waits.copied().unwrap_or(SignedDuration::ZERO);
        Some(self.challenged_at.saturating_add(wait).unwrap_or(Timestamp::MAX))
    }

    /// Why the webhook is pending, if it is.
    pub fn pending_reason(&self) -> Option<PendingReason> {
        let has_ended = self.challenges >= MAX_CHALLENGES;
        self.is_pending().then_some(if has_ended { PendingReason::Unanswered } else { PendingReason::Challenging })
    }

    /// When somebody may ask for more challenges.
    pub fn repeatable_at(&self) -> Timestamp {
        self.challenged_at.saturating_add(MIN_CHALLENGE_INTERVAL).unwrap_or(Timestamp::MAX)
    }

    /// When another URL may be challenged. A challenge that was due and not made is left for the other URL.
    pub(super) fn next_possible_at(&self) -> Timestamp {
        if self.challenges == 0 { self.challenged_at } else { self.repeatable_at() }
    }

    /// The verification that a repeat call begins: the same URLs, and all challenges anew. The jobs of the verification
    /// before are obsolete.
    #[must_use]
    pub fn repeated(&self, id: VerificationId, now: Timestamp) -> Self {
        Self { id, challenges: 0, challenged_at: now, ..self.clone() }
    }
}

/// What a verify job has to do, given its webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChallengeVerdict {
    /// Nothing: another verification has begun, or no challenge is left.
    Obsolete,
    /// The next challenge is not due before this time.
    NotDue {
        /// The time.
        at: Timestamp,
    },
    /// The next challenge is due.
    Challenge(UrlVerification),
    /// The URLs have answered this verification: what is held can go out.
    Verified,
}

/// What a job of the verification `id` has to do. `stored` is what the webhook's row says.
pub fn judge_challenge(id: &VerificationId, stored: Option<&UrlVerification>, now: Timestamp) -> ChallengeVerdict {
    match stored.filter(|stored| stored.id == *id) {
        None => ChallengeVerdict::Obsolete,
        Some(stored) if !stored.is_pending() => ChallengeVerdict::Verified,
        Some(stored) => match stored.next_challenge_at() {
            None => ChallengeVerdict::Obsolete,
            Some(at) if now < at => ChallengeVerdict::NotDue { at },
            Some(_) => ChallengeVerdict::Challenge(stored.clone()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn id(number: u8) -> VerificationId {
        VerificationId::generate([number; 10])
    }

    fn later(seconds: i64) -> Timestamp {
        NOW + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn there_is_a_challenge_after_each_wait_and_each_wait_can_be_a_delay() {
        assert_eq!(usize::from(MAX_CHALLENGES), CHALLENGE_WAITS.len() + 1);
        for wait in CHALLENGE_WAITS {
            assert!(
                wait >= MIN_CHALLENGE_INTERVAL && wait.as_secs() <= i64::from(crate::queue_limits::MAX_DELAY_SECONDS)
            );
        }
    }

    #[test]
    fn a_job_is_judged_by_the_verification_that_it_belongs_to() {
        let pending = UrlVerification {
            id: id(1),
            since: NOW,
            verified_at: None,
            main: true,
            backup: false,
            challenges: 0,
            challenged_at: NOW,
            result: None,
        };
        let judged = |stored: &UrlVerification, of, now| judge_challenge(&id(of), Some(stored), now);
        assert_eq!(judge_challenge(&id(1), None, NOW), ChallengeVerdict::Obsolete);
        assert_eq!(judged(&pending, 2, NOW), ChallengeVerdict::Obsolete);
        assert_eq!(judged(&pending, 1, NOW), ChallengeVerdict::Challenge(pending.clone()));
        let once = UrlVerification { challenges: 1, ..pending.clone() };
        assert_eq!(judged(&once, 1, later(59)), ChallengeVerdict::NotDue { at: later(60) });
        let last = UrlVerification { challenges: MAX_CHALLENGES, ..pending.clone() };
        assert_eq!(judged(&last, 1, later(9_999)), ChallengeVerdict::Obsolete);
        assert_eq!(last.pending_reason(), Some(PendingReason::Unanswered));
        let verified = UrlVerification { verified_at: Some(NOW), ..pending };
        assert_eq!(judged(&verified, 1, NOW), ChallengeVerdict::Verified);
        assert_eq!((verified.pending_reason(), verified.next_challenge_at()), (None, None));
        let repeated = last.repeated(id(3), later(70));
        assert_eq!((repeated.challenges, repeated.next_challenge_at()), (0, Some(later(70))));
        assert_eq!((last.repeatable_at(), repeated.since), (later(60), NOW));
    }
}
