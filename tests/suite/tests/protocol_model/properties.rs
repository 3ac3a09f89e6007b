//! The invariants by name. ARCHITECTURE.md lists them.

use shared::breaker::{Breaker, ProbeStanding, probe_standing};
use stateright::Property;

use crate::closing::{everything_ends, has_its_probe};
use crate::noting::is_open;
use crate::scope::Scope;
use crate::state::{Broken, Job, Queue, Row, RowState, State, Stream, Stuck, Webhook, probe_id};

pub(crate) const ACCOUNTED_FOR: &str = "every delivery is accounted for";
pub(crate) const NOT_AGAIN: &str = "a delivered one is not attempted again";
pub(crate) const STAYS_DELIVERED: &str = "delivered stays delivered";
pub(crate) const ROUNDS: &str = "a round never falls";
pub(crate) const WRITTEN: &str = "what was heard accepted is written";
pub(crate) const WAKER: &str = "what is held has a waker";
pub(crate) const PROBED: &str = "an open breaker has its probe";
pub(crate) const AGREED: &str = "only a URL that has agreed is attempted";
pub(crate) const CHALLENGED: &str = "a pending webhook has its challenge";
pub(crate) const NOT_BURIED: &str = "nothing is buried before its delivery has a row";
pub(crate) const ENDS: &str = "everything ends";

/// All invariants.
pub(crate) fn all() -> Vec<Property<Scope>> {
    vec![
        Property::<Scope>::always(ACCOUNTED_FOR, |scope, state| {
            (0..state.rows.len()).all(|event| is_accounted_for(scope, state, event))
        }),
        Property::<Scope>::always("delivered means accepted", |_, state| {
            state.in_state(RowState::Delivered).into_iter().all(|event| state.accepted[event])
        }),
        Property::<Scope>::always("discarded means deleted", |_, state| {
            state.webhook == Webhook::Deleted || state.in_state(RowState::Discarded).is_empty()
        }),
        Property::<Scope>::always(NOT_BURIED, |scope, state| {
            // What SQS itself moves to the dead-letter queue may never have been carried out.
            let is_buried = |job: Job| match job {
                Job::Deliver { event, .. } => state.rows[event].is_none(),
                Job::Dispatch { .. } | Job::Recover(_) | Job::Probe(_) | Job::Verify(_) | Job::Overdue => true,
            };
            let mut letters = state.messages.iter().filter(|message| message.queue == Queue::DeadLetter);
            scope.left.poisonings > 0 || !letters.any(|letter| is_buried(letter.job))
        }),
        Property::<Scope>::always(NOT_AGAIN, |_, state| state.broken != Some(Broken::AttemptedAgain)),
        Property::<Scope>::always(STAYS_DELIVERED, |_, state| state.broken != Some(Broken::DeliveredUndone)),
        Property::<Scope>::always(ROUNDS, |_, state| state.broken != Some(Broken::RoundFell)),
        Property::<Scope>::always(WRITTEN, |_, state| state.broken != Some(Broken::AcceptanceForgotten)),
        Property::<Scope>::always(WAKER, |_, state| (0..state.rows.len()).all(|event| held_has_a_waker(state, event))),
        Property::<Scope>::always(PROBED, |_, state| {
            // A request that enables a webhook, or lifts a suspension, closes the breaker. Before that the probe may
            // have found that the webhook holds its deliveries.
            let is_excused = state.webhook_state().holds_deliveries() || state.operator.is_some() || state.sweep_is_due;
            !is_open(&state.breaker) || is_excused || has_its_probe(state) || has_verify_job(state)
        }),
        Property::<Scope>::always(AGREED, |_, state| state.broken != Some(Broken::AttemptedUnagreed)),
        Property::<Scope>::always(CHALLENGED, |_, state| {
            let is_excused = state.suspended || state.operator.is_some() || state.sweep_is_due;
            state.verification_left().is_none() || is_excused || has_verify_job(state)
        }),
        Property::<Scope>::always(ENDS, |scope, state| {
            // An invocation under way ends or crashes, and then the world is at rest too.
            let is_at_rest = state.workers.iter().all(Option::is_none) && state.operator.is_none();
            !is_at_rest || everything_ends(scope, state)
        }),
        // Without these properties an exploration that goes nowhere would look like a proof.
        Property::<Scope>::sometimes("something is delivered", |_, state| {
            !state.in_state(RowState::Delivered).is_empty()
        }),
    ]
}

/// Whether a job delivers an event, in this round at least. A dispatch job leads to the first round.
pub(crate) fn is_job_of(job: Job, event: usize, least: u32) -> bool {
    match job {
        Job::Deliver { event: of, round, .. } => of == event && round >= least,
        Job::Dispatch { event: of } => of == event && least == 0,
        Job::Recover(_) | Job::Probe(_) | Job::Verify(_) | Job::Overdue => false,
    }
}

/// Whether a job of an event is in these queues, of this round at least. A message that an invocation has in hand is
/// still in its queue.
fn has_job(state: &State, event: usize, least: u32, queues: &[Queue]) -> bool {
    state.messages.iter().any(|message| queues.contains(&message.queue) && is_job_of(message.job, event, least))
}

const ALIVE: [Queue; 3] = [Queue::Deliveries, Queue::Retries, Queue::Slow];
const ALL: [Queue; 4] = [Queue::Deliveries, Queue::Retries, Queue::Slow, Queue::DeadLetter];

/// Whether a delivery is in one place, and has what that place needs: queued and waiting need a job; dead needs a dead
/// letter, or a job that is about to send one. A row has one state, so no delivery is in two places.
fn is_accounted_for(scope: &Scope, state: &State, event: usize) -> bool {
    let Some(row) = state.rows[event] else {
        return state.stream[event] != Stream::Done || has_job(state, event, 0, &ALL);
    };
    match row.state {
        // Only the sweep finds out that a message is lost. The job for what is overdue writes the row, then sends its
        // job.
        RowState::Waiting { .. } => {
            let is_being_woken = state.messages.iter().any(|message| message.job == Job::Overdue);
            has_job(state, event, row.round, &ALL) || is_being_woken || state.sweep_is_due
        }
        RowState::Dead => {
            let has_letter = has_job(state, event, row.round + 1, &ALL);
            // A job that SQS itself moved is unchanged. After a redrive it sends its dead letter, which is redriven
            // then.
            let places = if scope.left.poisonings > 0 { &ALL[..] } else { &ALIVE[..] };
            has_letter || has_job(state, event, row.round, places)
        }
        RowState::Held | RowState::Delivered | RowState::Discarded => true,
    }
}

/// Whether something wakes a held delivery: the operator, if the webhook is off or the tenant is suspended; the answer
/// to a challenge, or the tenant who asks for more of them, if the webhook is pending; the probe, if the breaker is
/// open; otherwise a recover job, a job of the delivery's own, a probe that has closed the breaker and has still to
/// release, a verify job that has still to release, or a request under way.
fn held_has_a_waker(state: &State, event: usize) -> bool {
    let Some(Row { state: RowState::Held, round, .. }) = state.rows[event] else { return true };
    let is_on = state.webhook == Webhook::On;
    let is_operators = state.webhook == Webhook::Off || (is_on && state.webhook_state().holds_deliveries());
    let excused = is_operators || state.operator.is_some() || state.sweep_is_due;
    if excused || (state.webhook == Webhook::On && is_open(&state.breaker)) {
        return true;
    }
    let recovers = |job: Job| match job {
        Job::Recover(Stuck::Held | Stuck::Ahead) => true,
        Job::Probe(outage) => closed_by(&state.breaker, outage),
        Job::Verify(id) => state.new_url.is_some_and(|new| new.verification == id),
        Job::Deliver { .. } | Job::Dispatch { .. } | Job::Recover(Stuck::Dead | Stuck::Missing) | Job::Overdue => false,
    };
    let in_queue = state.messages.iter().filter(|message| message.queue != Queue::DeadLetter);
    in_queue.map(|message| message.job).any(recovers) || has_job(state, event, round, &ALL)
}

/// Whether the job of the last verification is in a queue. It challenges the new URL; when the URL has answered, it
/// closes the breaker and releases what is held.
fn has_verify_job(state: &State) -> bool {
    let Some(new) = state.new_url else { return false };
    let alive = state.messages.iter().filter(|message| message.queue != Queue::DeadLetter);
    alive.map(|message| message.job).any(|job| job == Job::Verify(new.verification))
}

fn closed_by(breaker: &Breaker, outage: u8) -> bool {
    matches!(probe_standing(breaker.clone(), &probe_id(outage)), ProbeStanding::HasClosed)
}
