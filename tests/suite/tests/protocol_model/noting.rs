//! The stage `note`: the effects of `functions/deliver/src/delivery/breaker.rs`.

use shared::breaker::{Breaker, Open};

use crate::invocation::{Choice, Phase};
use crate::scope::{Mutant, Scope};
use crate::state::{Job, NOW, Queue, State, probe_id};
use crate::tables::{count_failure, forget_failures, open_breaker};

pub(crate) fn step(phase: Phase, scope: &Scope, state: &mut State, worker: usize, choice: Choice) -> Phase {
    match phase {
        Phase::ForgetFailures(hand, disposition) => {
            if choice == Choice::Go {
                forget_failures(state);
            }
            state.caches[worker] = None;
            Phase::Settle(hand.job(), hand.from, disposition)
        }
        Phase::CountFailure(hand, disposition) => {
            state.caches[worker] = None;
            if choice != Choice::Go {
                return Phase::Settle(hand.job(), hand.from, disposition);
            }
            let breaker = count_failure(state);
            if !breaker.trips(scope.breaker, NOW) {
                return Phase::Settle(hand.job(), hand.from, disposition);
            }
            state.outages += 1;
            let open = Open::begin(probe_id(state.outages), breaker.failing_since(NOW), NOW);
            let outage = state.outages;
            if scope.mutant == Some(Mutant::ProbeSentAfterOpening) {
                return Phase::OpenBreaker(hand, disposition, outage, open);
            }
            Phase::SendProbe(hand, disposition, outage, open)
        }
        Phase::SendProbe(hand, disposition, outage, open) => {
            if choice == Choice::Go {
                state.send(Queue::Deliveries, Job::Probe(outage));
            }
            if choice != Choice::Go || scope.mutant == Some(Mutant::ProbeSentAfterOpening) {
                return Phase::Settle(hand.job(), hand.from, disposition);
            }
            Phase::OpenBreaker(hand, disposition, outage, open)
        }
        Phase::OpenBreaker(hand, disposition, outage, open) => {
            if choice == Choice::Go {
                open_breaker(state, open.clone());
                if scope.mutant == Some(Mutant::ProbeSentAfterOpening) {
                    return Phase::SendProbe(hand, disposition, outage, open);
                }
            }
            Phase::Settle(hand.job(), hand.from, disposition)
        }
        _ => unreachable!("not a phase of the breaker: {phase:?}"),
    }
}

/// Whether the breaker is open.
pub(crate) fn is_open(breaker: &Breaker) -> bool {
    matches!(breaker, Breaker::Open(_))
}
