//! Carrying out a probe job, in the order of effects of `functions/deliver/src/maintenance/probe.rs`.

use shared::breaker::{AfterProbe, Open, ProbeStanding, probe_standing};
use shared::delivery::job_verdict::{AttemptPlan, JobVerdict, RowCondition, judge};
use shared::retry::Decision;

use crate::attempting::{decided, switch_off};
use crate::delivering::look;
use crate::invocation::{Choice, Disposition, Phase};
use crate::scope::{Mutant, Scope};
use crate::state::{Job, NOW, Queue, Row, RowState, State, Stuck};
use crate::tables::{Change, close_breaker, note_failed_probe, write};

/// A held delivery that the probe tries.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Tried {
    pub outage: u8,
    pub from: Queue,
    pub open: Open,
    pub event: usize,
    pub plan: AttemptPlan,
    /// What follows after the receiver has answered.
    pub after: After,
}

/// What follows from the receiver's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum After {
    Unanswered,
    Close,
    Again,
    Disable { delivered: bool },
}

impl Tried {
    fn change(&self) -> Change {
        let delivered = matches!(self.after, After::Close | After::Disable { delivered: true });
        let state = if delivered { RowState::Delivered } else { RowState::Held };
        let plan = self.plan;
        let row = Row { state, round: plan.round, attempts: plan.number, delivered_in: Some(plan.round) };
        Change { event: self.event, expected: plan.expected, row, resend: false }
    }
}

pub(crate) fn step(phase: Phase, scope: &Scope, state: &mut State, worker: usize, choice: Choice) -> Phase {
    match phase {
        Phase::LookForProbe(outage, from) if choice == Choice::Slow => {
            state.left.slow -= 1;
            Phase::Settle(Job::Probe(outage), from, Disposition::ToSlowQueue)
        }
        Phase::LookForProbe(outage, from) => stand(scope, state, worker, outage, from),
        Phase::ListHeld(outage, from, open) => {
            let Choice::Pick(event) = choice else {
                let failures = open.failures_left(scope.breaker);
                return Phase::CloseBreaker(outage, from, open, failures);
            };
            let row = state.rows[event].map(Row::as_read);
            match judge(row.as_ref().map_or(0, |row| row.round), false, row.as_ref(), NOW) {
                JobVerdict::Attempt(plan) => {
                    Phase::PostProbe(Tried { outage, from, open, event, plan, after: After::Unanswered })
                }
                other => unreachable!("a held delivery is attempted, not {other:?}"),
            }
        }
        Phase::PostProbe(tried) => {
            let Choice::Receiver(answer) = choice else { unreachable!("a receiver answers") };
            let after = match decided(scope, state, tried.event, tried.plan.number, answer) {
                Decision::Done => After::Close,
                Decision::Retry { .. } | Decision::Dead { .. } => After::Again,
                Decision::Disable { dead, .. } => After::Disable { delivered: dead.is_none() },
            };
            Phase::RecordProbe(Tried { after, ..tried })
        }
        Phase::RecordProbe(tried) => {
            if write(scope, state, tried.change()) && choice != Choice::MeetsItself {
                follow(scope, tried)
            } else {
                Phase::ReadProbeAfterLostRace(tried)
            }
        }
        Phase::ReadProbeAfterLostRace(tried) => {
            let (row, change) = (state.rows[tried.event], tried.change());
            let is_known = row.is_some_and(|row| row.state == RowState::Delivered);
            if change.row.state == RowState::Delivered && !is_known {
                let round = row.map_or(change.row.round, |row| row.round.max(change.row.round));
                return Phase::ForceProbeDelivered(tried, round);
            }
            follow(scope, tried)
        }
        Phase::ForceProbeDelivered(tried, round) => {
            let change = tried.change();
            let row = Row { round, ..change.row };
            if !write(scope, state, Change { expected: RowCondition::Any, row, ..change }) {
                return Phase::ReadProbeAfterLostRace(tried);
            }
            follow(scope, tried)
        }
        Phase::CloseBreaker(outage, from, open, failures) => {
            close_breaker(state, &open, failures);
            state.caches[worker] = None;
            Phase::Settle(Job::Probe(outage), from, recover(scope))
        }
        Phase::NoteFailedProbe(outage, from, next) => {
            let is_noted = note_failed_probe(state, &next);
            Phase::Settle(
                Job::Probe(outage),
                from,
                if is_noted { Disposition::RetryAt } else { Disposition::Redeliver },
            )
        }
        Phase::DisableAfterProbe(outage, from) => {
            switch_off(state, worker);
            Phase::Settle(Job::Probe(outage), from, Disposition::Delete)
        }
        _ => unreachable!("not a phase of a probe: {phase:?}"),
    }
}

fn stand(scope: &Scope, state: &mut State, worker: usize, outage: u8, from: Queue) -> Phase {
    let done = |next| Phase::Settle(Job::Probe(outage), from, next);
    let Some(known) = look(scope, state, worker).filter(|known| !known.holds_deliveries()) else {
        return done(Disposition::Delete);
    };
    match probe_standing(known.breaker, &crate::state::probe_id(outage)) {
        ProbeStanding::Good(open) if NOW < open.next_probe_at => done(Disposition::RetryAt),
        ProbeStanding::Good(open) => {
            state.note_attempt(known.url);
            Phase::ListHeld(outage, from, open)
        }
        ProbeStanding::HasClosed if scope.mutant == Some(Mutant::ClosedProbeIsVoid) => done(Disposition::Delete),
        ProbeStanding::HasClosed => done(recover(scope)),
        ProbeStanding::Void => done(Disposition::Delete),
    }
}

fn recover(scope: &Scope) -> Disposition {
    if scope.mutant == Some(Mutant::CloseWithoutRecover) {
        return Disposition::Delete;
    }
    Disposition::Replace(vec![Job::Recover(Stuck::Held)])
}

fn follow(scope: &Scope, tried: Tried) -> Phase {
    let (outage, from, open) = (tried.outage, tried.from, tried.open);
    match tried.after {
        After::Close => Phase::CloseBreaker(outage, from, open, 0),
        After::Again => match open.after_failed_probe(scope.breaker, NOW) {
            AfterProbe::Again(next) => Phase::NoteFailedProbe(outage, from, next),
            AfterProbe::GiveUp => Phase::DisableAfterProbe(outage, from),
        },
        After::Disable { .. } => Phase::DisableAfterProbe(outage, from),
        After::Unanswered => unreachable!("the receiver has answered"),
    }
}
