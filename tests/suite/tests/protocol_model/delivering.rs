//! The stages `inspect` to `claim` of a deliver job, in the order of effects of `inspect.rs`, `hold.rs`,
//! `rate_limit.rs` and `claim.rs` in `functions/deliver/src/delivery`.

use shared::delivery::job_verdict::{AttemptPlan, JobVerdict, judge};

use crate::invocation::{Choice, Disposition, Hand, Phase};
use crate::scope::{Mutant, Scope};
use crate::state::{Job, LATER, NOW, Row, RowState, State, Webhook, WebhookState};
use crate::tables::{Change, write};

/// What the job has to do, given its row: `shared/domain/src/delivery/job_verdict.rs`.
pub(crate) fn stand(scope: &Scope, state: &State, hand: Hand, row: Option<Row>) -> Phase {
    let done = |disposition| Phase::Settle(hand.job(), hand.from, disposition);
    match judged(scope, hand, hand.resend, row) {
        JobVerdict::Obsolete => done(Disposition::Delete),
        JobVerdict::ResendDeadLetter { .. } if scope.mutant == Some(Mutant::NoSecondLetter) => {
            done(Disposition::Delete)
        }
        JobVerdict::ResendDeadLetter { .. } => done(Disposition::DeadLetter),
        JobVerdict::NotDue { .. } => done(Disposition::RetryAt),
        JobVerdict::Attempt(plan) => {
            // `is_maybe_late`: a recovery may have taken the delivery for missing.
            let needs_claim = plan.needs_claim || (row.is_none() && state.events_are_old && !hand.is_blind);
            Phase::LoadWebhook(hand, AttemptPlan { needs_claim, ..plan })
        }
    }
}

pub(crate) fn judged(scope: &Scope, hand: Hand, resend: bool, row: Option<Row>) -> JobVerdict {
    let mut delivery = row.map(Row::as_read);
    let mut round = hand.round;
    if let (Some(row), Some(mutant)) = (&mut delivery, scope.mutant) {
        if mutant == Mutant::OldRoundGoesOn && row.round > round {
            // The job is judged as if it were of the row's round.
            round = row.round;
            let plan = judge(round, resend, Some(row), NOW);
            return match plan {
                JobVerdict::Attempt(plan) => JobVerdict::Attempt(AttemptPlan { round: hand.round, ..plan }),
                other => other,
            };
        }
        if mutant == Mutant::RedriveOfDelivered && row.round < round {
            return judge(round, true, Some(row), NOW);
        }
    }
    judge(round, resend, delivery.as_ref(), NOW)
}

impl Hand {
    pub(crate) fn job(&self) -> Job {
        Job::Deliver { event: self.event, round: self.round, resend: self.resend }
    }
}

pub(crate) fn step(phase: &Phase, scope: &Scope, state: &mut State, worker: usize, choice: Choice) -> Phase {
    match *phase {
        Phase::ReadRow(hand) => {
            let hand = Hand { held_too_long: state.held_too_long[hand.event], ..hand };
            stand(scope, state, hand, state.rows[hand.event])
        }
        Phase::LoadWebhook(hand, _) if choice == Choice::NoSlot => {
            state.left.slots -= 1;
            Phase::Settle(hand.job(), hand.from, Disposition::Requeue)
        }
        Phase::LoadWebhook(hand, _) if choice == Choice::Slow => {
            state.left.slow = state.left.slow.saturating_sub(1);
            Phase::Settle(hand.job(), hand.from, Disposition::ToSlowQueue)
        }
        Phase::LoadWebhook(hand, plan) => {
            let remembered = state.caches[worker].clone().filter(|_| choice == Choice::FromMemory);
            match remembered.or_else(|| look(scope, state, worker)) {
                None => Phase::Discard(hand, plan),
                Some(known) if takes_attempts(scope, &known) => admitted(scope, state, hand, plan, &known),
                Some(_) if plan.held_since.is_some() => Phase::LookAfresh(hand, plan),
                Some(_) => Phase::WriteHeld(hand, plan),
            }
        }
        Phase::Discard(hand, plan) => {
            if without_attempt(scope, state, hand, plan, RowState::Discarded) && choice != Choice::MeetsItself {
                Phase::Settle(hand.job(), hand.from, Disposition::Delete)
            } else {
                Phase::ReadAfterLostRow(hand)
            }
        }
        Phase::WriteHeld(hand, plan) => {
            let is_written = without_attempt(scope, state, hand, plan, RowState::Held);
            let is_conflict = !is_written || choice == Choice::MeetsItself;
            if is_conflict && scope.mutant != Some(Mutant::LostHoldIsHeld) {
                return Phase::ReadAfterLostRow(hand);
            }
            let plan = plan.held(NOW);
            if scope.mutant == Some(Mutant::HoldWithoutLookingAfresh) {
                return Phase::Settle(hand.job(), hand.from, Disposition::Delete);
            }
            Phase::LookAfresh(hand, plan)
        }
        Phase::LookAfresh(hand, plan) => match look(scope, state, worker) {
            None => Phase::Discard(hand, plan),
            Some(known) if takes_attempts(scope, &known) => admitted(scope, state, hand, plan, &known),
            Some(_) if hand.held_too_long => Phase::EndHeld(hand, plan),
            Some(_) => Phase::Settle(hand.job(), hand.from, Disposition::Delete),
        },
        Phase::EndHeld(hand, plan) => {
            let row = Row { state: RowState::Dead, round: plan.round, attempts: plan.number - 1, delivered_in: None };
            let change = Change { event: hand.event, expected: plan.expected, row, resend: false };
            let is_written = write(scope, state, change) && choice != Choice::MeetsItself;
            let disposition = if is_written { Disposition::DeadLetter } else { Disposition::Redeliver };
            Phase::Settle(hand.job(), hand.from, disposition)
        }
        Phase::Claim(hand, plan, counting) => {
            let attempts = plan.number - 1;
            let row = Row { state: RowState::Waiting { due: false }, round: plan.round, attempts, delivered_in: None };
            let change = Change { event: hand.event, expected: plan.expected, row, resend: hand.resend };
            if write(scope, state, change) && choice != Choice::MeetsItself {
                Phase::Post(hand, plan.claimed(NOW + LATER), counting)
            } else {
                Phase::ReadAfterLostRow(hand)
            }
        }
        Phase::ReadAfterLostRow(hand) => {
            let disposition = decided_by(scope, state.rows[hand.event], hand);
            Phase::Settle(hand.job(), hand.from, disposition)
        }
        _ => unreachable!("not a phase of delivering: {phase:?}"),
    }
}

/// `lost_race.rs`: the row has changed since it was read, so it decides.
pub(crate) fn decided_by(scope: &Scope, row: Option<Row>, hand: Hand) -> Disposition {
    match judged(scope, hand, hand.resend, row) {
        JobVerdict::NotDue { .. } => Disposition::RetryAt,
        JobVerdict::Obsolete => Disposition::Delete,
        JobVerdict::ResendDeadLetter { .. } if scope.mutant == Some(Mutant::LostClaimDropsLetter) => {
            Disposition::Delete
        }
        JobVerdict::ResendDeadLetter { .. } => Disposition::DeadLetter,
        JobVerdict::Attempt(_) => Disposition::Redeliver,
    }
}

/// `WebhookCache::get_fresh`: webhook and breaker as they are now, put into the cache.
pub(crate) fn look(scope: &Scope, state: &mut State, worker: usize) -> Option<WebhookState> {
    let known = (state.webhook != Webhook::Deleted).then(|| state.webhook_state());
    if scope.caches {
        state.caches[worker].clone_from(&known);
    }
    known
}

fn takes_attempts(scope: &Scope, known: &WebhookState) -> bool {
    let is_ignored = scope.mutant == Some(Mutant::PendingTakesAttempts) && known.is_pending();
    known.takes_attempts() || (is_ignored && WebhookState { new_url: None, ..known.clone() }.takes_attempts())
}

/// A delivery that is held in this round is released: it is attempted in the next round only.
fn admitted(scope: &Scope, state: &mut State, hand: Hand, plan: AttemptPlan, known: &WebhookState) -> Phase {
    if plan.held_since.is_some() && scope.mutant != Some(Mutant::HeldRoundGoesOn) {
        let next = Job::Deliver { event: hand.event, round: plan.round + 1, resend: false };
        return Phase::Settle(hand.job(), hand.from, Disposition::Replace(vec![next]));
    }
    attempt(scope, state, hand, plan, known)
}

fn attempt(scope: &Scope, state: &mut State, hand: Hand, plan: AttemptPlan, known: &WebhookState) -> Phase {
    state.note_attempt(known.url);
    let counting = known.breaker.is_counting();
    if plan.needs_claim && scope.mutant != Some(Mutant::ClaimSkipped) {
        Phase::Claim(hand, plan, counting)
    } else {
        Phase::Post(hand, plan, counting)
    }
}

/// `unattempted` of `record.rs`. Returns whether the row was as expected.
fn without_attempt(scope: &Scope, state: &mut State, hand: Hand, plan: AttemptPlan, to: RowState) -> bool {
    let row = Row { state: to, round: plan.round, attempts: plan.number - 1, delivered_in: None };
    write(scope, state, Change { event: hand.event, expected: plan.expected, row, resend: hand.resend })
}
