//! The stages `send` to `note` of one attempt: the effects of `functions/deliver/src/delivery/attempt.rs` and
//! `record.rs`.

use shared::delivery::Outcome;
use shared::delivery::job_verdict::{AttemptPlan, RowCondition};
use shared::retry::{AttemptEnd, Decision, Delays, RetryPolicy, decide};

use crate::delivering::decided_by;
use crate::invocation::{Choice, Disposition, Hand, Phase};
use crate::scope::{Answer, Mutant, Scope};
use crate::state::{Broken, NOW, Row, RowState, State, Webhook};
use crate::tables::{Change, write};

/// An attempt that was made, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Ended {
    pub plan: AttemptPlan,
    pub state: RowState,
    pub disposition: Disposition,
    pub noted: SlownessUpdate,
}

/// What the breaker hears of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum SlownessUpdate {
    Success { counting: bool },
    Failure,
    Nothing,
}

pub(crate) fn step(phase: Phase, scope: &Scope, state: &mut State, worker: usize, choice: Choice) -> Phase {
    match phase {
        Phase::Post(hand, plan, counting) => {
            let Choice::Receiver(answer) = choice else { unreachable!("a receiver answers") };
            note_attempt(state, hand, plan);
            let ended = post(scope, state, hand.event, plan, answer, counting);
            if ended.noted == SlownessUpdate::Nothing {
                Phase::DisableWebhook(hand, ended)
            } else {
                Phase::Record(hand, ended)
            }
        }
        Phase::DisableWebhook(hand, ended) => {
            switch_off(state, worker);
            Phase::Record(hand, ended)
        }
        Phase::Record(hand, ended) => {
            let change = recorded(hand, &ended);
            if write(scope, state, change) && choice != Choice::MeetsItself {
                return noted(hand, ended);
            }
            Phase::ReadAfterLostRace(hand, ended)
        }
        Phase::ReadAfterLostRace(hand, ended) => {
            let row = state.rows[hand.event];
            let is_known = row.is_some_and(|row| row.state == RowState::Delivered);
            if ended.state == RowState::Delivered && !is_known {
                if scope.mutant != Some(Mutant::NothingForced) {
                    return Phase::ForceDelivered(hand, ended, row.map_or(hand.round, |row| row.round.max(hand.round)));
                }
                state.broken.get_or_insert(Broken::AcceptanceForgotten);
            }
            Phase::Settle(hand.job(), hand.from, decided_by(scope, row, hand))
        }
        Phase::ForceDelivered(hand, ended, round) => {
            let change = recorded(hand, &ended);
            let row = Row { round, ..change.row };
            if !write(scope, state, Change { expected: RowCondition::Any, row, ..change }) {
                return Phase::ReadAfterLostRace(hand, ended);
            }
            Phase::Settle(hand.job(), hand.from, Disposition::Delete)
        }
        _ => unreachable!("not a phase of an attempt: {phase:?}"),
    }
}

/// Checks whether this attempt may be made at all.
fn note_attempt(state: &mut State, hand: Hand, plan: AttemptPlan) {
    let Some(row) = state.rows[hand.event].filter(|row| row.state == RowState::Delivered) else { return };
    // The delivery was delivered when the job was received, and has been since.
    let was_delivered = hand.delivered_before == Some((row.round, row.attempts));
    // Another copy of the job has delivered it, in a round in which each attempt is claimed.
    let by_another_copy = plan.needs_claim && row.delivered_in == Some(plan.round);
    if was_delivered || by_another_copy {
        state.broken.get_or_insert(Broken::AttemptedAgain);
    }
}

fn post(scope: &Scope, state: &mut State, event: usize, plan: AttemptPlan, answer: Answer, counting: bool) -> Ended {
    let (state, disposition, noted) = match decided(scope, state, event, plan.number, answer) {
        Decision::Done => (RowState::Delivered, Disposition::Delete, SlownessUpdate::Success { counting }),
        Decision::Disable { dead: None, .. } => (RowState::Delivered, Disposition::Delete, SlownessUpdate::Nothing),
        Decision::Retry { at } => (RowState::Waiting { due: at <= NOW }, Disposition::RetryAt, SlownessUpdate::Failure),
        Decision::Dead { .. } => (RowState::Dead, Disposition::DeadLetter, SlownessUpdate::Failure),
        Decision::Disable { dead: Some(_), .. } => (RowState::Dead, Disposition::DeadLetter, SlownessUpdate::Nothing),
    };
    Ended { plan, state, disposition, noted }
}

/// The receiver answers, and the real rule decides what follows.
pub(crate) fn decided(scope: &Scope, state: &mut State, event: usize, number: u32, answer: Answer) -> Decision {
    let outcome = match answer {
        Answer::Accept => Outcome::Delivered { status: 200 },
        Answer::Refuse => Outcome::RefusedStatus { status: 500, retry_after: None },
        Answer::Gone => Outcome::RefusedStatus { status: 410, retry_after: None },
        Answer::AcceptUnheard => Outcome::Timeout,
    };
    if matches!(answer, Answer::Accept | Answer::AcceptUnheard) {
        state.accepted[event] = true;
    }
    let delays = Delays::new(scope.delays).expect("delays within their limits");
    decide(&AttemptEnd::from(outcome), number, NOW, &RetryPolicy::Custom(delays), NOW, 0.0)
}

/// `disable_webhook`. A deleted webhook stays deleted.
pub(crate) fn switch_off(state: &mut State, worker: usize) {
    state.caches[worker] = None;
    if state.webhook == Webhook::On {
        state.webhook = Webhook::Off;
    }
}

fn recorded(hand: Hand, ended: &Ended) -> Change {
    let plan = ended.plan;
    let row = Row { state: ended.state, round: plan.round, attempts: plan.number, delivered_in: Some(plan.round) };
    Change { event: hand.event, expected: plan.expected, row, resend: false }
}

fn noted(hand: Hand, ended: Ended) -> Phase {
    match ended.noted {
        SlownessUpdate::Success { counting: true } => Phase::ForgetFailures(hand, ended.disposition),
        SlownessUpdate::Failure => Phase::CountFailure(hand, ended.disposition),
        SlownessUpdate::Success { counting: false } | SlownessUpdate::Nothing => {
            Phase::Settle(hand.job(), hand.from, ended.disposition)
        }
    }
}
