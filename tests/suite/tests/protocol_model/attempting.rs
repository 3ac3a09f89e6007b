//! One attempt, recorded: the effects of `functions/deliver/src/attempt.rs`.

use shared::delivery::Outcome;
use shared::delivery::standing::{Expected, Standing, Turn};
use shared::retry::{Decision, Delays, Ending, RetryPolicy, decide};

use crate::delivering::judged;
use crate::invocation::{Choice, Hand, Next, Phase};
use crate::scope::{Answer, Mutant, Scope};
use crate::state::{Broken, NOW, Row, RowState, State, Webhook};
use crate::tables::{Change, write};

/// An attempt that was made, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Ended {
    pub turn: Turn,
    pub state: RowState,
    pub next: Next,
    pub noted: Noted,
}

/// What the breaker hears of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Noted {
    Success { counting: bool },
    Failure,
    Nothing,
}

pub(crate) fn step(phase: Phase, scope: &Scope, state: &mut State, worker: usize, choice: Choice) -> Phase {
    match phase {
        Phase::Post(hand, turn, counting) => {
            let Choice::Receiver(answer) = choice else { unreachable!("a receiver answers") };
            note_attempt(state, hand, turn);
            let ended = post(scope, state, hand.event, turn, answer, counting);
            if ended.noted == Noted::Nothing { Phase::DisableWebhook(hand, ended) } else { Phase::Record(hand, ended) }
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
            Phase::ReadOutrun(hand, ended)
        }
        Phase::ReadOutrun(hand, ended) => {
            let row = state.rows[hand.event];
            let is_known = row.is_some_and(|row| row.state == RowState::Delivered);
            if ended.state == RowState::Delivered && !is_known {
                if scope.mutant != Some(Mutant::NoInsisting) {
                    return Phase::Insist(hand, ended, row.map_or(hand.round, |row| row.round.max(hand.round)));
                }
                state.broken.get_or_insert(Broken::AcceptanceForgotten);
            }
            let next = match judged(scope, hand, false, row) {
                Standing::NotDue { .. } => Next::Wait,
                Standing::Void => Next::Finish,
                Standing::BuryAgain { .. } => Next::Bury,
                Standing::Attempt(_) => Next::ComeBack,
            };
            Phase::Perform(hand.job(), hand.from, next)
        }
        Phase::Insist(hand, ended, round) => {
            let change = recorded(hand, &ended);
            let row = Row { round, ..change.row };
            if !write(scope, state, Change { expected: Expected::Any, row, ..change }) {
                return Phase::ReadOutrun(hand, ended);
            }
            Phase::Perform(hand.job(), hand.from, Next::Finish)
        }
        _ => unreachable!("not a phase of an attempt: {phase:?}"),
    }
}

/// Looks whether this attempt may be made at all.
fn note_attempt(state: &mut State, hand: Hand, turn: Turn) {
    let Some(row) = state.rows[hand.event].filter(|row| row.state == RowState::Delivered) else { return };
    // Delivered when the job was received, and ever since.
    let was_delivered = hand.delivered_before == Some((row.round, row.attempts));
    // Delivered by another copy of the job, in a round of which each attempt is claimed.
    let by_another_copy = turn.to_claim && row.delivered_in == Some(turn.round);
    if was_delivered || by_another_copy {
        state.broken.get_or_insert(Broken::AttemptedAgain);
    }
}

fn post(scope: &Scope, state: &mut State, event: usize, turn: Turn, answer: Answer, counting: bool) -> Ended {
    let (state, next, noted) = match decided(scope, state, event, turn.number, answer) {
        Decision::Done => (RowState::Delivered, Next::Finish, Noted::Success { counting }),
        Decision::Disable { dead: None, .. } => (RowState::Delivered, Next::Finish, Noted::Nothing),
        Decision::Retry { at } => (RowState::Waiting { due: at <= NOW }, Next::Wait, Noted::Failure),
        Decision::Dead { .. } => (RowState::Dead, Next::Bury, Noted::Failure),
        Decision::Disable { dead: Some(_), .. } => (RowState::Dead, Next::Bury, Noted::Nothing),
    };
    Ended { turn, state, next, noted }
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
    decide(&Ending::from(outcome), number, NOW, &RetryPolicy::Custom(delays), NOW, 0.0)
}

/// `disable_webhook`; a webhook that is gone stays so.
pub(crate) fn switch_off(state: &mut State, worker: usize) {
    state.caches[worker] = None;
    if state.webhook == Webhook::On {
        state.webhook = Webhook::Off;
    }
}

fn recorded(hand: Hand, ended: &Ended) -> Change {
    let turn = ended.turn;
    let row = Row { state: ended.state, round: turn.round, attempts: turn.number, delivered_in: Some(turn.round) };
    Change { event: hand.event, expected: turn.expected, row, resend: false }
}

fn noted(hand: Hand, ended: Ended) -> Phase {
    match ended.noted {
        Noted::Success { counting: true } => Phase::ForgetFailures(hand, ended.next),
        Noted::Failure => Phase::CountFailure(hand, ended.next),
        Noted::Success { counting: false } | Noted::Nothing => Phase::Perform(hand.job(), hand.from, ended.next),
    }
}
