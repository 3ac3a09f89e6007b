//! What an operator does through the API, call by call: `functions/api/src/native/webhooks/patch.rs`,
//! `tenants/patch.rs` and `functions/api/src/manage/{change,delete,lift,release}.rs`, `events/resend.rs`,
//! `redrives/start.rs`. A request may break off after any call.

use shared::breaker::Breaker;

use crate::noting::is_open;
use crate::scope::{Mutant, Scope};
use crate::state::{Job, NewUrl, Operation, Queue, RowState, State, Stuck, UnderWay, Webhook};

/// Begins the next operation: makes its first call.
pub(crate) fn begin(scope: &Scope, state: &mut State) {
    let operation = state.left.operations.remove(0);
    call(scope, state, UnderWay { operation, calls: 0, round: 0 });
}

/// Makes the next call of a request.
pub(crate) fn call(scope: &Scope, state: &mut State, under_way: UnderWay) {
    let UnderWay { operation, mut calls, mut round } = under_way;
    let mut is_done = true;
    match (operation, calls) {
        (Operation::Disable, _) => {
            if state.webhook == Webhook::On {
                state.webhook = Webhook::Off;
            }
        }
        (Operation::Enable, 0) => {
            // A request for a deleted webhook is answered with 404. One for an enabled webhook sends no job ahead.
            round = u32::from(state.webhook == Webhook::Off);
            if round == 1 && scope.mutant != Some(Mutant::EnableWithoutJobAhead) {
                state.send(Queue::Deliveries, Job::Recover(Stuck::Ahead));
            }
            is_done = state.webhook == Webhook::Deleted;
        }
        // The webhook was disabled since it was read. The write is refused, and the request begins anew.
        (Operation::Enable, 1) if round == 0 && state.webhook == Webhook::Off => {
            return call(scope, state, UnderWay { operation, calls: 0, round });
        }
        (Operation::Enable, 1) => {
            if state.webhook == Webhook::Off {
                state.webhook = Webhook::On;
                // In the same transaction. The probe may have found that the webhook is off, and then it has ended.
                if scope.mutant != Some(Mutant::EnableKeepsBreaker) {
                    state.breaker = Breaker::NEW;
                }
            }
            is_done = state.webhook == Webhook::Deleted;
        }
        // The request resumes deliveries also if the webhook was enabled already. Closing an open breaker ends its
        // probe, so the job for what is held is sent first.
        (Operation::Enable, 2) if is_open(&state.breaker) => {
            if scope.mutant != Some(Mutant::ResumeWithoutJobAhead) {
                state.send(Queue::Deliveries, Job::Recover(Stuck::Ahead));
            }
            is_done = false;
        }
        (Operation::Enable, 2 | 3) => {
            state.breaker = Breaker::NEW;
            calls = 3;
            // After this call the room sends the same job once more, so that nobody waits for the one that was sent
            // ahead. Here a wait has no length, so that job would only multiply the worlds.
            is_done = round == 1;
        }
        (Operation::Enable, _) => state.send(Queue::Deliveries, Job::Recover(Stuck::Held)),
        (Operation::Suspend, _) => state.suspended = true,
        (Operation::Lift, 0) => {
            state.suspended = false;
            is_done = false;
        }
        (Operation::Lift, 1) => {
            // The webhooks are read now. What is off or pending goes on when that reason ends.
            is_done = state.webhook == Webhook::Deleted;
            let is_resumed = !state.webhook_state().holds_deliveries();
            round = u32::from(is_resumed);
            if is_resumed && scope.mutant != Some(Mutant::LiftKeepsBreakers) && is_open(&state.breaker) {
                state.breaker = Breaker::NEW;
            }
        }
        (Operation::Lift, 2) => {
            if round == 1 && scope.mutant != Some(Mutant::LiftWithoutRecover) {
                state.send(Queue::Deliveries, Job::Recover(Stuck::Held));
            }
            is_done = state.verification_left().is_none();
        }
        // A suspended tenant's URLs are not challenged.
        (Operation::Lift, _) => send_challenge(scope, state, Mutant::LiftWithoutChallenge),
        (Operation::ChangeUrl | Operation::VerifyAgain, 0) => {
            let is_missing = operation == Operation::VerifyAgain && !state.webhook_state().is_pending();
            is_done = state.webhook == Webhook::Deleted || is_missing;
            let is_first = scope.mutant != Some(Mutant::ChallengeBeforeRow);
            if !is_done && is_first {
                begin_verification(state, operation);
            } else if !is_done {
                let verification = state.new_url.map_or(0, |new| new.verification) + 1;
                state.send(Queue::Deliveries, Job::Verify(verification));
            }
        }
        (Operation::ChangeUrl | Operation::VerifyAgain, _) => {
            if scope.mutant == Some(Mutant::ChallengeBeforeRow) {
                begin_verification(state, operation);
            } else {
                send_challenge(scope, state, Mutant::NoChallengeSent);
            }
        }
        (Operation::Delete, 0) => {
            state.send(Queue::Deliveries, Job::Recover(Stuck::Ahead));
            is_done = false;
        }
        (Operation::Delete, _) => {
            // In one transaction.
            state.webhook = Webhook::Deleted;
            state.breaker = Breaker::NEW;
        }
        (Operation::Redrive, _) => redrive(state),
        (Operation::Recover(stuck), _) => state.send(Queue::Deliveries, Job::Recover(stuck)),
        (Operation::Resend, 0) => {
            round = state.rows[0].map_or(1, |row| row.round + 1);
            is_done = false;
        }
        (Operation::Resend, _) => {
            state.send(Queue::Deliveries, Job::Deliver { event: 0, round, resend: true });
        }
    }
    state.operator = (!is_done).then_some(UnderWay { operation, calls: calls + 1, round });
}

/// The row of the webhook, with a new verification, and for a change with another URL.
fn begin_verification(state: &mut State, operation: Operation) {
    let verification = state.new_url.map_or(0, |new| new.verification) + 1;
    state.new_url = Some(NewUrl { verification, is_pending: true, challenges: 0, due: true });
    state.url += u8::from(operation == Operation::ChangeUrl);
}

fn send_challenge(scope: &Scope, state: &mut State, omission: Mutant) {
    if let Some(verification) = state.verification_left().filter(|_| scope.mutant != Some(omission)) {
        state.send(Queue::Deliveries, Job::Verify(verification));
    }
}

/// SQS makes new messages of the dead letters: none of them counts as received before.
fn redrive(state: &mut State) {
    for message in state.messages.iter_mut().filter(|message| message.queue == Queue::DeadLetter) {
        (message.queue, message.received) = (Queue::Deliveries, false);
    }
    state.messages.sort_unstable();
}

/// The request breaks off, and the client sees an error.
pub(crate) fn break_off(state: &mut State) {
    let is_done_by_its_job = matches!(state.operator, Some(UnderWay { operation: Operation::Enable, .. }));
    state.operator = None;
    state.left.crashes -= 1;
    // What enabling has left undone, the job does that was sent ahead.
    state.sweep_is_due |= !is_done_by_its_job;
}

/// `functions/deliver/src/maintenance/sweep.rs`, in one step: a sweep job only sends, and a crash repeats what it
/// sends.
pub(crate) fn sweep(scope: &Scope, state: &mut State) {
    if scope.mutant == Some(Mutant::NoSweep) || state.webhook == Webhook::Deleted {
        return;
    }
    if is_overdue(scope, state) {
        state.send(Queue::Deliveries, Job::Overdue);
    }
    if let Some(verification) = state.verification_left()
        && !state.suspended
        && scope.mutant != Some(Mutant::NoChallengeIsLost)
    {
        state.send(Queue::Deliveries, Job::Verify(verification));
    }
    if state.webhook_state().holds_deliveries() || state.in_state(RowState::Held).is_empty() {
        return;
    }
    let job = match &state.breaker {
        Breaker::Open(open) if open.next_probe_at > crate::state::NOW => return,
        Breaker::Open(open) => Job::Probe(open.probe.as_str().parse().expect("a number of the model's")),
        Breaker::Closed { .. } => Job::Recover(Stuck::Held),
    };
    state.send(Queue::Deliveries, job);
}

/// Whether something waits although it is due, or is held for longer than the retention. In this model every wait is
/// long enough for the index; in the room, a claim and a short wait are not in it.
fn is_overdue(scope: &Scope, state: &State) -> bool {
    let waits = !state.in_state(RowState::Waiting { due: true }).is_empty();
    let held_too_long = state.held_too_long.contains(&true);
    (waits && scope.mutant != Some(Mutant::NothingIsOverdue))
        || (held_too_long && scope.mutant != Some(Mutant::NothingHeldEnds))
}
