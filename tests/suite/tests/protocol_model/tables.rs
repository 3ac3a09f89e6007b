//! The conditional writes, with the conditions of `shared/src/store/deliveries/record.rs` and
//! `shared/src/store/registry/receiver_health.rs`.

use shared::breaker::{Breaker, Open};
use shared::delivery::job_verdict::RowCondition;

use crate::scope::{Mutant, Scope};
use crate::state::{Broken, NOW, Row, RowState, State};

/// Maximum counted failures. Reason: more of them make no difference to the settings of the scopes.
const MOST_FAILURES: u32 = 2;

/// A change of a delivery's row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    pub event: usize,
    pub expected: RowCondition,
    pub row: Row,
    /// Somebody has asked for the change, even if the delivery was delivered.
    pub resend: bool,
}

/// Whether a row meets a condition, as in `condition` of `record.rs`.
fn meets(scope: &Scope, row: Option<Row>, expected: RowCondition, written: u32) -> bool {
    match (expected, row) {
        (RowCondition::Any | RowCondition::Absent, None) => true,
        (RowCondition::Any, Some(row)) => row.round <= written,
        (RowCondition::Absent, Some(_))
        | (
            RowCondition::At { .. }
            | RowCondition::Waiting { .. }
            | RowCondition::Held { .. }
            | RowCondition::Final { .. },
            None,
        ) => false,
        (RowCondition::At { round, round_attempts }, Some(row)) => {
            (row.round, row.attempts) == (round, round_attempts) && row.state != RowState::Delivered
        }
        (RowCondition::Waiting { round, round_attempts, next_attempt_at }, Some(row)) => {
            let is_overlooked = scope.mutant == Some(Mutant::HoldIsOverwritten) && row.state == RowState::Held;
            (row.round, row.attempts) == (round, round_attempts)
                && (row.state == (RowState::Waiting { due: next_attempt_at <= NOW }) || is_overlooked)
        }
        (RowCondition::Held { round, round_attempts }, Some(row)) => {
            (row.round, row.attempts) == (round, round_attempts) && row.state == RowState::Held
        }
        (RowCondition::Final { round, round_attempts }, Some(row)) => {
            (row.round, row.attempts) == (round, round_attempts)
                && matches!(row.state, RowState::Delivered | RowState::Discarded)
        }
    }
}

/// Writes a row if it is as expected. Returns whether it was. Notes a write that must never happen.
pub(crate) fn write(scope: &Scope, state: &mut State, change: Change) -> bool {
    let old = state.rows[change.event];
    let is_forced = scope.mutant == Some(Mutant::ForcedWriteLowersRounds) && change.expected == RowCondition::Any;
    if scope.mutant != Some(Mutant::UnconditionalWrite)
        && !is_forced
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
    // The round that delivered it is kept for as long as the row says delivered.
    let delivered_in = if change.row.state == RowState::Delivered { change.row.delivered_in } else { None };
    state.rows[change.event] = Some(Row { delivered_in, ..change.row });
    state.held_too_long[change.event] = false;
    true
}

/// `count_failure`: returns the breaker after the count.
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

/// `note_failed_probe`: returns whether the failure was of the current probe, and new.
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
