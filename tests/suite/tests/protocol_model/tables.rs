//! The conditional writes, with the conditions of `shared/src/store/deliveries/record.rs` and
//! `shared/src/store/registry/breakers.rs`.

use shared::breaker::{Breaker, Open};
use shared::delivery::standing::Expected;

use crate::scope::{Mutant, Scope};
use crate::state::{Broken, NOW, Row, RowState, State};

/// Counted failures above this are all the same to the rules that the scopes set.
const MOST_FAILURES: u32 = 2;

/// A change of a delivery's row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    pub event: usize,
    pub expected: Expected,
    pub row: Row,
    /// Somebody has asked for it, delivered or not.
    pub resend: bool,
}

/// Whether a row meets a condition: `with_condition` in `record.rs`.
fn meets(scope: &Scope, row: Option<Row>, expected: Expected, written: u32) -> bool {
    match (expected, row) {
        (Expected::Any | Expected::Absent, None) => true,
        (Expected::Any, Some(row)) => row.round <= written,
        (Expected::Absent, Some(_))
        | (Expected::At { .. } | Expected::Waiting { .. } | Expected::Held { .. } | Expected::Final { .. }, None) => {
            false
        }
        (Expected::At { round, round_attempts }, Some(row)) => {
            (row.round, row.attempts) == (round, round_attempts) && row.state != RowState::Delivered
        }
        (Expected::Waiting { round, round_attempts, next_attempt_at }, Some(row)) => {
            (row.round, row.attempts) == (round, round_attempts)
                && row.state == (RowState::Waiting { due: next_attempt_at <= NOW })
        }
        (Expected::Held { round, round_attempts }, Some(row)) => {
            (row.round, row.attempts) == (round, round_attempts)
                && (row.state == RowState::Held || scope.mutant == Some(Mutant::HeldIsAnybodys))
        }
        (Expected::Final { round, round_attempts }, Some(row)) => {
            (row.round, row.attempts) == (round, round_attempts)
                && matches!(row.state, RowState::Delivered | RowState::Discarded)
        }
    }
}

/// Writes a row if it is as expected; answers whether it was. Notes what no write may ever do.
pub(crate) fn write(scope: &Scope, state: &mut State, change: Change) -> bool {
    let old = state.rows[change.event];
    let insists = scope.mutant == Some(Mutant::InsistingLowersRounds) && change.expected == Expected::Any;
    if scope.mutant != Some(Mutant::UnconditionalWrite)
        && !insists
        && !meets(scope, old, change.expected, change.row.round)
    {
        return false;
    }
    if let Some(old) = old {
        if old.state == RowState::Delivered && change.row.state != RowState::Delivered && !change.resend {
            state.broken.get_or_insert(Broken::DeliveredUndone);
        }
        if change.row.round < old.round {
            state.broken.get_or_insert(Broken::RoundFell);
        }
    }
    // Which round delivered it is remembered for as long as it is delivered.
    let delivered_in = if change.row.state == RowState::Delivered { change.row.delivered_in } else { None };
    state.rows[change.event] = Some(Row { delivered_in, ..change.row });
    true
}

/// `count_failure`: answers the breaker as it is afterwards.
pub(crate) fn count_failure(state: &mut State) -> Breaker {
    if let Breaker::Closed { failures, since, .. } = &mut state.breaker {
        *failures = (*failures + 1).min(MOST_FAILURES);
        since.get_or_insert(NOW);
    }
    state.breaker.clone()
}

/// `forget_failures`.
pub(crate) fn forget_failures(state: &mut State) {
    if let Breaker::Closed { failures, since, .. } = &mut state.breaker {
        (*failures, *since) = (0, None);
    }
}

/// `open_breaker`.
pub(crate) fn open_breaker(state: &mut State, open: Open) {
    if let Breaker::Closed { .. } = state.breaker {
        state.breaker = Breaker::Open(open);
    }
}

/// `note_failed_probe`: answers whether it was the good one's, and new.
pub(crate) fn note_failed_probe(state: &mut State, next: &Open) -> bool {
    match &mut state.breaker {
        Breaker::Open(open) if open.probe == next.probe && open.failed_probes < next.failed_probes => {
            (open.failed_probes, open.next_probe_at) = (next.failed_probes, next.next_probe_at);
            true
        }
        Breaker::Open(_) | Breaker::Closed { .. } => false,
    }
}

/// `close_breaker`.
pub(crate) fn close_breaker(state: &mut State, open: &Open, failures: u32) {
    match &state.breaker {
        Breaker::Open(present) if present.probe == open.probe => {
            let since = (failures > 0).then_some(open.since);
            state.breaker = Breaker::Closed { failures, since, closed_by: Some(open.probe.clone()) };
        }
        Breaker::Open(_) | Breaker::Closed { .. } => {}
    }
}
