//! Carrying out a job that asks a new URL for its consent, in the order of effects of
//! `functions/deliver/src/maintenance/verify.rs`: a challenge is claimed in the webhook's row, then it is posted. If
//! the URL answers it, the row says so, then the breaker is closed, then the held deliveries are released.

use shared::breaker::Breaker;

use crate::delivering::look;
use crate::invocation::{Choice, Disposition, Phase};
use crate::scope::{Answer, Mutant, Scope};
use crate::state::{Job, MOST_CHALLENGES, NewUrl, Queue, State, Stuck};
use crate::tables::close_breaker;

pub(crate) fn step(phase: &Phase, scope: &Scope, state: &mut State, worker: usize, choice: Choice) -> Phase {
    match *phase {
        Phase::LookForVerification(id, from) => stand(scope, state, worker, id, from),
        Phase::ClaimChallenge(id, from) => {
            let url = state.url;
            match state.new_url.as_mut() {
                Some(new)
                    if new.is_pending && new.verification == id && new.due && new.challenges < MOST_CHALLENGES =>
                {
                    (new.challenges, new.due) = (new.challenges + 1, false);
                    if choice == Choice::MeetsItself {
                        done(id, from, Disposition::Redeliver)
                    } else {
                        Phase::PostChallenge(id, url, from)
                    }
                }
                _ => done(id, from, Disposition::Redeliver),
            }
        }
        Phase::PostChallenge(id, url, from) => {
            let Choice::Receiver(answer) = choice else { unreachable!("a receiver answers") };
            let has_agreed = matches!(answer, Answer::Accept | Answer::AcceptUnheard);
            state.agreed[usize::from(url)] |= has_agreed;
            if answer == Answer::Accept {
                return Phase::WriteVerified(id, from);
            }
            let is_last = state.new_url.is_none_or(|new| new.verification != id || new.challenges >= MOST_CHALLENGES);
            done(id, from, if is_last { Disposition::Delete } else { Disposition::RetryAt })
        }
        Phase::WriteVerified(id, from) => {
            let is_unconditional = scope.mutant == Some(Mutant::AnswerOfAnotherUrl);
            match state.new_url.as_mut() {
                Some(new) if new.is_pending && (new.verification == id || is_unconditional) => {
                    new.is_pending = false;
                    state.caches[worker] = None;
                    Phase::CloseBreakerOfVerified(id, from)
                }
                _ => done(id, from, Disposition::Delete),
            }
        }
        Phase::CloseBreakerOfVerified(id, from) => {
            if let Breaker::Open(open) = state.breaker.clone()
                && scope.mutant != Some(Mutant::VerifiedKeepsBreaker)
            {
                close_breaker(state, &open, 0);
                state.caches[worker] = None;
            }
            let released = vec![Job::Recover(Stuck::Held)];
            let is_released = scope.mutant != Some(Mutant::VerifiedWithoutRecover);
            done(id, from, if is_released { Disposition::Replace(released) } else { Disposition::Delete })
        }
        _ => unreachable!("not a phase of verifying: {phase:?}"),
    }
}

fn done(id: u8, from: Queue, disposition: Disposition) -> Phase {
    Phase::Settle(Job::Verify(id), from, disposition)
}

/// `shared/domain/src/webhook/verification.rs`: what the job has to do, given its webhook.
fn stand(scope: &Scope, state: &mut State, worker: usize, id: u8, from: Queue) -> Phase {
    let Some(known) = look(scope, state, worker) else { return done(id, from, Disposition::Delete) };
    match known.new_url {
        Some(NewUrl { verification, is_pending: false, .. }) if verification == id => {
            Phase::CloseBreakerOfVerified(id, from)
        }
        // The request that lifts the suspension sends the job again.
        _ if known.suspended => done(id, from, Disposition::Delete),
        Some(new) if new.verification == id && new.challenges < MOST_CHALLENGES => {
            if new.due {
                Phase::ClaimChallenge(id, from)
            } else {
                done(id, from, Disposition::RetryAt)
            }
        }
        Some(_) | None => done(id, from, Disposition::Delete),
    }
}
