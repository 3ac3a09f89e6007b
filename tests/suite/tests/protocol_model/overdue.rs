//! Carrying out a job for what is overdue, as in `functions/deliver/src/maintenance/overdue.rs`: waiting deliveries
//! whose message was lost begin their next round in the row, then its job is sent; a held delivery whose retention is
//! over gets a job of its own round, which ends it.

use shared::delivery::job_verdict::RowCondition;

use crate::invocation::{Choice, Disposition, Phase};
use crate::scope::{Mutant, Scope};
use crate::state::{Job, NOW, Queue, Row, RowState, State};
use crate::tables::{Change, write};

pub(crate) fn step(phase: Phase, scope: &Scope, state: &mut State, choice: Choice) -> Phase {
    match phase {
        Phase::ListOverdue(from) => list(scope, state, from),
        Phase::Wake(mut waiting, mut jobs, from) => {
            let Some((event, row)) = waiting.pop() else { return settled(jobs, from) };
            if choice == Choice::Fails {
                state.sweep_is_due = true;
                return Phase::Wake(waiting, jobs, from);
            }
            let woken = Row { state: RowState::Waiting { due: false }, round: row.round + 1, ..row };
            let expected = if scope.mutant == Some(Mutant::WokenWithoutCondition) {
                RowCondition::Any
            } else {
                RowCondition::Waiting { round: row.round, round_attempts: row.attempts, next_attempt_at: NOW }
            };
            let change = Change { event, expected, row: woken, resend: false };
            // A row that has changed since it was listed has a message again, or is found by the next sweep.
            let is_written = write(scope, state, change);
            if is_written && choice != Choice::MeetsItself {
                jobs.push(Job::Deliver { event, round: woken.round, resend: false });
            }
            state.sweep_is_due |= is_written && choice == Choice::MeetsItself;
            Phase::Wake(waiting, jobs, from)
        }
        _ => unreachable!("not a phase of what is overdue: {phase:?}"),
    }
}

fn list(scope: &Scope, state: &mut State, from: Queue) -> Phase {
    let row = |event: usize| (event, state.rows[event]);
    let waiting = state.in_state(RowState::Waiting { due: true }).into_iter().map(row);
    let waiting: Vec<(usize, Row)> = waiting.filter_map(|(event, row)| Some((event, row?))).collect();
    let held: Vec<usize> = (0..state.rows.len()).filter(|event| state.held_too_long[*event]).collect();
    if scope.mutant == Some(Mutant::EndedByTheSweep) {
        for event in &held {
            state.rows[*event] = state.rows[*event].map(|row| Row { state: RowState::Dead, ..row });
            state.held_too_long[*event] = false;
        }
    }
    let jobs = held.into_iter().filter_map(|event| {
        let round = state.rows[event]?.round;
        Some(Job::Deliver { event, round, resend: false })
    });
    Phase::Wake(waiting, jobs.collect(), from)
}

fn settled(jobs: Vec<Job>, from: Queue) -> Phase {
    Phase::Settle(Job::Overdue, from, Disposition::Replace(jobs))
}
