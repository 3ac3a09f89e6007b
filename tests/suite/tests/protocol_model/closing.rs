//! The closing run: from a world at rest, everything happens that happens by itself, with a receiver that accepts from
//! now on and an operator who does nothing more. At the end every delivery must have ended, or wait for the operator.

use shared::breaker::Breaker;

use crate::invocation::{Choice, Phase};
use crate::noting::is_open;
use crate::operating;
use crate::properties::is_job_of;
use crate::scope::{Answer, Scope};
use crate::state::{Job, Queue, RowState, State, Stream, Webhook};

/// Maximum steps of a closing run. Reason: no world of these scopes needs as many, so a longer run is in a loop.
const MOST_STEPS: usize = 400;

/// Whether everything comes to an end by itself.
pub(crate) fn everything_ends(scope: &Scope, state: &State) -> bool {
    let mut state = state.clone();
    state.left.crashes = 0;
    for _ in 0..MOST_STEPS {
        if !go_on(scope, &mut state) {
            return (0..scope.events).all(|event| has_ended(&state, event));
        }
    }
    false
}

/// Makes the next step. Returns whether there was one.
fn go_on(scope: &Scope, state: &mut State) -> bool {
    if let Some(phase) = state.workers[0].take() {
        let choice = undisturbed(&phase, scope, state);
        phase.step(scope, state, 0, choice);
        return true;
    }
    if let Some(event) = (0..scope.events).find(|event| state.stream[*event] == Stream::Pending) {
        scope.dispatch(state, event);
        return true;
    }
    if let Some(message) = state.messages.iter().position(|message| message.queue != Queue::DeadLetter) {
        // The message comes back when it is due.
        Scope::let_time_pass(state);
        state.caches = [const { None }; crate::state::WORKERS];
        scope.receive(state, 0, message);
        return true;
    }
    Scope::let_time_pass(state);
    let before = state.messages.len();
    operating::sweep(scope, state);
    state.messages.len() > before
}

fn undisturbed(phase: &Phase, scope: &Scope, state: &State) -> Choice {
    match phase {
        Phase::Post(..) | Phase::PostProbe(_) | Phase::PostChallenge(..) => Choice::Receiver(Answer::Accept),
        _ => phase.choices(scope, state, 0).into_iter().next().unwrap_or(Choice::Go),
    }
}

fn has_ended(state: &State, event: usize) -> bool {
    // Somebody redrives the dead letters: the alarm on the dead-letter queue asks for it.
    let has_letter = |least: u32| {
        let is_its = |job: Job| is_job_of(job, event, least);
        state.messages.iter().any(|message| message.queue == Queue::DeadLetter && is_its(message.job))
    };
    match state.rows[event] {
        None => state.stream[event] == Stream::NotOwed || has_letter(0),
        Some(row) => match row.state {
            RowState::Delivered | RowState::Discarded => true,
            RowState::Dead | RowState::Waiting { .. } => has_letter(row.round),
            RowState::Held => {
                // A pending webhook whose challenges are used up waits for its tenant.
                let is_operators = state.webhook_state().holds_deliveries() && state.verification_left().is_none();
                let is_operators = is_operators || state.webhook == Webhook::Off || state.suspended;
                (is_operators && !state.held_too_long[event]) || has_letter(row.round)
            }
        },
    }
}

/// Whether a probe of the open breaker is in a queue.
pub(crate) fn has_its_probe(state: &State) -> bool {
    let Breaker::Open(open) = &state.breaker else { return is_open(&state.breaker) };
    let is_it = |job: Job| matches!(job, Job::Probe(outage) if crate::state::probe_id(outage) == open.probe);
    state.messages.iter().any(|message| message.queue != Queue::DeadLetter && is_it(message.job))
}
