//! What a job has to do, given its delivery's row.

use super::{DeadReason, Delivery, DeliveryState, MAX_ATTEMPTS_KEPT, MAX_ROUND_ATTEMPTS};
use crate::event::EventType;
use jiff::Timestamp;

/// The condition under which a change of the row is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RowCondition {
    /// There is no row yet.
    Absent,
    /// The row has this round and number of attempts, and is not delivered: a later round begins from any other state.
    At {
        /// The row's round.
        round: u32,
        /// The row's attempts in that round.
        round_attempts: u32,
    },
    /// The row has this round and number of attempts, and waits until exactly this time: nobody has held the delivery,
    /// or claimed the attempt that is due then.
    Waiting {
        /// The row's round.
        round: u32,
        /// The row's attempts in that round.
        round_attempts: u32,
        /// When the next attempt is due.
        next_attempt_at: Timestamp,
    },
    /// The row has this round and number of attempts, and is held: no later round has begun.
    Held {
        /// The row's round.
        round: u32,
        /// The row's attempts in that round.
        round_attempts: u32,
    },
    /// The row has this round and number of attempts, and is delivered or discarded.
    Final {
        /// The row's round.
        round: u32,
        /// The row's attempts in that round.
        round_attempts: u32,
    },
    /// The row may have any state, but no later round than the one that is written. A delivery that the receiver
    /// accepted is written as delivered over any other state, but a row's round never falls.
    Any,
}

/// What a job has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobVerdict {
    /// Nothing: the delivery is finished, or another round has begun.
    Obsolete,
    /// Send the dead letter again: the row is dead, but the dead letter may not have been sent.
    ResendDeadLetter {
        /// The reason in the row.
        reason: DeadReason,
    },
    /// Wait: the job arrived early.
    NotDue {
        /// When the attempt is due.
        at: Timestamp,
    },
    /// Make this attempt. A delivery that is held in this round ([`AttemptPlan::held_since`]) is attempted in the next
    /// round only.
    Attempt(AttemptPlan),
}

/// The attempt to make, and the row that it presumes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttemptPlan {
    /// The round.
    pub round: u32,
    /// The attempt's number within the round, from 1.
    pub number: u32,
    /// When the round's first attempt was made; `None` before it.
    pub began: Option<Timestamp>,
    /// The row as it was read, or its absence.
    pub expected: RowCondition,
    /// The row holds as many attempts as it may keep, so older ones are removed.
    pub drop_old_attempts: bool,
    /// Since when the delivery is held in this round, as the row says; `None` if it is not held.
    pub held_since: Option<Timestamp>,
    /// The attempt must be claimed in the row before it is made. This is so in every round after the first: redrives
    /// and recoveries begin such rounds, and there may be several jobs of one round at the same time.
    pub needs_claim: bool,
    /// The event's type in the row.
    pub event_type: Option<EventType>,
}

impl AttemptPlan {
    /// The same attempt after it was claimed in the row until `until`.
    #[must_use]
    pub fn claimed(self, until: Timestamp) -> Self {
        let (round, round_attempts) = (self.round, self.number - 1);
        Self { expected: RowCondition::Waiting { round, round_attempts, next_attempt_at: until }, ..self }
    }

    /// The same attempt after the delivery was written as held at `now`.
    #[must_use]
    pub fn held(self, now: Timestamp) -> Self {
        let expected = RowCondition::Held { round: self.round, round_attempts: self.number - 1 };
        Self { expected, held_since: Some(now), ..self }
    }
}

/// What a job of `round` has to do at `now`. `row` is `None` for a first job, which reads no row. With `resend`, a new
/// round also begins for a delivered delivery.
pub fn judge(round: u32, resend: bool, row: Option<&Delivery>, now: Timestamp) -> JobVerdict {
    let Some(row) = row else {
        return JobVerdict::Attempt(AttemptPlan {
            round,
            number: 1,
            began: None,
            expected: RowCondition::Absent,
            drop_old_attempts: false,
            held_since: None,
            needs_claim: round > 0,
            event_type: None,
        });
    };
    if row.round > round {
        return JobVerdict::Obsolete;
    }
    let expected = RowCondition::At { round: row.round, round_attempts: row.round_attempts };
    let new_round = row.round < round;
    let number = if new_round { 1 } else { row.round_attempts + 1 };
    // A new round makes room for all of its attempts, because the first attempt of the round says when the round began.
    let to_come = if new_round { MAX_ROUND_ATTEMPTS } else { 1 };
    let drop_old_attempts = row.attempts.len() + to_come > MAX_ATTEMPTS_KEPT;
    let began = row.attempts.iter().find(|attempt| attempt.round == round).map(|attempt| attempt.at);
    let event_type = Some(row.event_type);
    let plan = AttemptPlan {
        round,
        number,
        began,
        expected,
        drop_old_attempts,
        held_since: None,
        needs_claim: round > 0,
        event_type,
    };
    match row.state {
        DeliveryState::Delivered | DeliveryState::Discarded if resend && new_round => {
            let expected = RowCondition::Final { round: row.round, round_attempts: row.round_attempts };
            JobVerdict::Attempt(AttemptPlan { expected, ..plan })
        }
        DeliveryState::Delivered | DeliveryState::Discarded => JobVerdict::Obsolete,
        DeliveryState::Dead { .. } | DeliveryState::Held | DeliveryState::Waiting { .. } if new_round => {
            JobVerdict::Attempt(plan)
        }
        DeliveryState::Dead { reason } => JobVerdict::ResendDeadLetter { reason },
        DeliveryState::Held => {
            let expected = RowCondition::Held { round: row.round, round_attempts: row.round_attempts };
            JobVerdict::Attempt(AttemptPlan { held_since: Some(row.updated_at), expected, ..plan })
        }
        DeliveryState::Waiting { next_attempt_at } if now < next_attempt_at => {
            JobVerdict::NotDue { at: next_attempt_at }
        }
        DeliveryState::Waiting { next_attempt_at } => {
            let (round, round_attempts) = (row.round, row.round_attempts);
            JobVerdict::Attempt(AttemptPlan {
                expected: RowCondition::Waiting { round, round_attempts, next_attempt_at },
                ..plan
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::{Attempt, Outcome, Target};
    use crate::id::{EventId, TenantId, WebhookId};
    use jiff::SignedDuration;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn row(round: u32, state: DeliveryState) -> Delivery {
        Delivery {
            tenant: TenantId::mint(NOW, [1; 10]),
            webhook: WebhookId::mint(NOW, [2; 10]),
            event: EventId::first_of(NOW),
            event_type: EventType::Delivered,
            state,
            round,
            round_attempts: 3,
            attempts: Vec::new(),
            updated_at: NOW,
        }
    }

    fn waiting(seconds: i64) -> DeliveryState {
        DeliveryState::Waiting { next_attempt_at: NOW + SignedDuration::from_secs(seconds) }
    }

    fn number(verdict: JobVerdict) -> Option<(u32, u32)> {
        match verdict {
            JobVerdict::Attempt(plan) => Some((plan.round, plan.number)),
            _ => None,
        }
    }

    #[test]
    fn no_row_means_the_first_attempt() {
        assert_eq!(number(judge(0, false, None, NOW)), Some((0, 1)));
        assert_eq!(number(judge(2, false, None, NOW)), Some((2, 1)));
    }

    #[test]
    fn what_is_final_or_of_a_later_round_is_void() {
        for state in [DeliveryState::Delivered, DeliveryState::Discarded] {
            assert_eq!(judge(0, false, Some(&row(0, state)), NOW), JobVerdict::Obsolete);
            assert_eq!(judge(5, false, Some(&row(0, state)), NOW), JobVerdict::Obsolete);
        }
        assert_eq!(judge(0, false, Some(&row(1, waiting(0))), NOW), JobVerdict::Obsolete);
    }

    #[test]
    fn what_is_final_begins_anew_when_somebody_asks_for_it() {
        for state in [DeliveryState::Delivered, DeliveryState::Discarded] {
            let JobVerdict::Attempt(plan) = judge(1, true, Some(&row(0, state)), NOW) else { panic!("{state:?}") };
            assert_eq!((plan.round, plan.number, plan.needs_claim), (1, 1, true));
            assert_eq!(plan.expected, RowCondition::Final { round: 0, round_attempts: 3 });
            // The same job comes again after its round was delivered.
            assert_eq!(judge(1, true, Some(&row(1, state)), NOW), JobVerdict::Obsolete);
        }
    }

    fn attempt(round: u32, seconds: i64) -> Attempt {
        Attempt {
            number: 1,
            round,
            at: NOW + SignedDuration::from_secs(seconds),
            outcome: Outcome::Timeout,
            duration_ms: 0,
            address: None,
            answer: None,
            target: Target::Primary,
        }
    }

    #[test]
    fn a_round_begins_with_its_first_attempt_and_has_room_for_all_of_them() {
        let plan = |round, attempts: Vec<Attempt>| {
            let row = Delivery { attempts, ..row(1, waiting(0)) };
            let JobVerdict::Attempt(plan) = judge(round, false, Some(&row), NOW) else { panic!("not due") };
            (plan.began.map(Timestamp::as_second), plan.drop_old_attempts)
        };
        assert_eq!(plan(1, vec![attempt(0, 1), attempt(1, 7), attempt(1, 9)]), (Some(7), false));
        assert_eq!(plan(2, vec![attempt(0, 1), attempt(1, 7)]), (None, false));
        let many = |count| vec![attempt(1, 7); count];
        assert_eq!(plan(2, many(MAX_ATTEMPTS_KEPT - MAX_ROUND_ATTEMPTS)), (None, false));
        assert_eq!(plan(2, many(MAX_ATTEMPTS_KEPT - MAX_ROUND_ATTEMPTS + 1)), (None, true));
        assert_eq!(plan(1, many(MAX_ATTEMPTS_KEPT - 1)), (Some(7), false));
        // So many attempts of one round are those of probes.
        assert_eq!(plan(1, many(MAX_ATTEMPTS_KEPT)), (Some(7), true));
    }

    #[test]
    fn attempts_of_later_rounds_are_claimed_from_other_copies_that_wait_for_them() {
        let JobVerdict::Attempt(first) = judge(0, false, Some(&row(0, waiting(0))), NOW) else { panic!("not due") };
        assert!(!first.needs_claim);
        let JobVerdict::Attempt(later) = judge(1, false, Some(&row(1, waiting(0))), NOW) else { panic!("not due") };
        assert!(later.needs_claim);
        assert_eq!(later.expected, RowCondition::Waiting { round: 1, round_attempts: 3, next_attempt_at: NOW });
    }

    #[test]
    fn the_same_round_goes_on_and_a_higher_one_begins_anew() {
        let reason = DeadReason::AttemptsExhausted;
        assert_eq!(number(judge(0, false, Some(&row(0, waiting(0))), NOW)), Some((0, 4)));
        assert_eq!(
            judge(0, false, Some(&row(0, waiting(9))), NOW),
            JobVerdict::NotDue { at: NOW + SignedDuration::from_secs(9) }
        );
        assert_eq!(
            judge(0, false, Some(&row(0, DeliveryState::Dead { reason })), NOW),
            JobVerdict::ResendDeadLetter { reason }
        );
        for state in [DeliveryState::Dead { reason }, DeliveryState::Held, waiting(9)] {
            assert_eq!(number(judge(1, false, Some(&row(0, state)), NOW)), Some((1, 1)));
        }
    }
}
