//! Carrying out a deliver job up to its attempt, in the order of effects of `functions/deliver/src/prepare.rs`,
//! `hold.rs`, `slots.rs` and `claim.rs`.

use shared::delivery::standing::{Expected, Standing, Turn, standing};

use crate::invocation::{Choice, Hand, Next, Phase};
use crate::scope::{Mutant, Scope};
use crate::state::{Job, Known, NOW, Row, RowState, State, Webhook};
use crate::tables::{Change, write};

/// What the job has to do, given its row: `shared/domain/src/delivery/standing.rs`.
pub(crate) fn stand(scope: &Scope, state: &State, hand: Hand, row: Option<Row>) -> Phase {
    let done = |next| Phase::Perform(hand.job(), hand.from, next);
    match judged(scope, hand, hand.resend, row) {
        Standing::Void => done(Next::Finish),
        Standing::BuryAgain { .. } if scope.mutant == Some(Mutant::NoSecondLetter) => done(Next::Finish),
        Standing::BuryAgain { .. } => done(Next::Bury),
        Standing::NotDue { .. } => done(Next::Wait),
        Standing::Attempt(turn) => {
            // `comes_late`: a recovery may have taken it for missing.
            let to_claim = turn.to_claim || (row.is_none() && state.events_are_old && !hand.is_blind);
            Phase::LoadWebhook(hand, Turn { to_claim, ..turn })
        }
    }
}

pub(crate) fn judged(scope: &Scope, hand: Hand, resend: bool, row: Option<Row>) -> Standing {
    let mut delivery = row.map(Row::as_read);
    let mut round = hand.round;
    if let (Some(row), Some(mutant)) = (&mut delivery, scope.mutant) {
        if mutant == Mutant::OldRoundGoesOn && row.round > round {
            // The row as a job of its own round would see it, for a job that is not.
            round = row.round;
            let turn = standing(round, resend, Some(row), NOW);
            return match turn {
                Standing::Attempt(turn) => Standing::Attempt(Turn { round: hand.round, ..turn }),
                other => other,
            };
        }
        if mutant == Mutant::RedriveOfDelivered && row.round < round {
            return standing(round, true, Some(row), NOW);
        }
    }
    standing(round, resend, delivery.as_ref(), NOW)
}

impl Hand {
    pub(crate) fn job(&self) -> Job {
        Job::Deliver { event: self.event, round: self.round, resend: self.resend }
    }
}

pub(crate) fn step(phase: &Phase, scope: &Scope, state: &mut State, worker: usize, choice: Choice) -> Phase {
    match *phase {
        Phase::ReadRow(hand) => stand(scope, state, hand, state.rows[hand.event]),
        Phase::LoadWebhook(hand, _) if choice == Choice::NoSlot => {
            state.left.slots -= 1;
            Phase::Perform(hand.job(), hand.from, Next::WaitForSlot)
        }
        Phase::LoadWebhook(hand, turn) => {
            let remembered = state.caches[worker].clone().filter(|_| choice == Choice::FromMemory);
            match remembered.or_else(|| look(scope, state, worker)) {
                None => Phase::Discard(hand, turn),
                Some(known) if known.takes_attempts() => attempt(scope, hand, turn, &known),
                Some(_) if turn.held => Phase::LookAfresh(hand, turn),
                Some(_) => Phase::WriteHeld(hand, turn),
            }
        }
        Phase::Discard(hand, turn) => {
            without_attempt(scope, state, hand, turn, RowState::Discarded);
            Phase::Perform(hand.job(), hand.from, Next::Finish)
        }
        Phase::WriteHeld(hand, turn) => {
            without_attempt(scope, state, hand, turn, RowState::Held);
            if scope.mutant == Some(Mutant::HoldWithoutLookingAfresh) {
                return Phase::Perform(hand.job(), hand.from, Next::Finish);
            }
            Phase::LookAfresh(hand, turn)
        }
        Phase::LookAfresh(hand, turn) => {
            let turn = Turn { expected: Expected::Held { round: turn.round, round_attempts: turn.number - 1 }, ..turn };
            match look(scope, state, worker) {
                None => Phase::Discard(hand, turn),
                Some(known) if known.takes_attempts() => attempt(scope, hand, turn, &known),
                Some(_) => Phase::Perform(hand.job(), hand.from, Next::Finish),
            }
        }
        Phase::Claim(hand, turn, counting) => {
            let attempts = turn.number - 1;
            let row = Row { state: RowState::Waiting { due: false }, round: turn.round, attempts, delivered_in: None };
            let change = Change { event: hand.event, expected: turn.expected, row, resend: hand.resend };
            if write(scope, state, change) && choice != Choice::MeetsItself {
                let expected = Expected::At { round: turn.round, round_attempts: attempts };
                Phase::Post(hand, Turn { expected, ..turn }, counting)
            } else {
                Phase::ReadAfterLostClaim(hand)
            }
        }
        Phase::ReadAfterLostClaim(hand) => {
            let next = match judged(scope, hand, false, state.rows[hand.event]) {
                Standing::NotDue { .. } => Next::Wait,
                Standing::Void | Standing::BuryAgain { .. } => Next::Finish,
                Standing::Attempt(_) => Next::ComeBack,
            };
            Phase::Perform(hand.job(), hand.from, next)
        }
        _ => unreachable!("not a phase of delivering: {phase:?}"),
    }
}

/// `Webhooks::get_afresh`: webhook and breaker as they are, remembered.
pub(crate) fn look(scope: &Scope, state: &mut State, worker: usize) -> Option<Known> {
    let known = (state.webhook != Webhook::Deleted).then(|| state.known());
    if scope.caches {
        state.caches[worker].clone_from(&known);
    }
    known
}

fn attempt(scope: &Scope, hand: Hand, turn: Turn, known: &Known) -> Phase {
    let counting = known.breaker.is_counting();
    if turn.to_claim && scope.mutant != Some(Mutant::ClaimSkipped) {
        Phase::Claim(hand, turn, counting)
    } else {
        Phase::Post(hand, turn, counting)
    }
}

/// `record_without_attempt`; a conflict is left as it is.
fn without_attempt(scope: &Scope, state: &mut State, hand: Hand, turn: Turn, to: RowState) {
    let row = Row { state: to, round: turn.round, attempts: turn.number - 1, delivered_in: None };
    write(scope, state, Change { event: hand.event, expected: turn.expected, row, resend: hand.resend });
}
