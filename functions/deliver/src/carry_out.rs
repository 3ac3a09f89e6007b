//! The jobs of a batch, from their bodies to what becomes of their messages.

use futures::future::{join, join_all};
use jiff::Timestamp;
use shared::delivery::{DeadReason, DeliveryState};
use shared::event::EventType;
use shared::queue::Outgoing;
use shared::queue::job::{Deliver as DeliverJob, Job, NotAJob};
use shared::store::StoreError;
use shared::store::deliveries::Change;
use shared::webhook::Webhook;

use crate::alone::attempted;
use crate::prepare::Owed;
use crate::{Deliver, Next, Received, deliveries, dispatch, probe, recover, recovery, sweep, tell, unreadable};
use shared::delivery::standing::Turn;

/// Carries out the jobs of a batch beside each other; what becomes of their messages, in their order. What fails on our
/// side ends as [`Next::ComeBack`], and is logged where it fails.
pub(crate) async fn carry_out(received: &[Received], room: &Deliver, deadline: Timestamp) -> Vec<Next> {
    let (mut owed, mut others) = (Vec::new(), Vec::new());
    for (index, message) in received.iter().enumerate() {
        match Job::from_json(&message.body) {
            Ok(Job::Deliver(job)) => owed.push(Owed { index, message, job }),
            job => others.push(async move {
                let next = attempted(&message.id, other(job, message, room, deadline)).await;
                (index, next.unwrap_or(Next::ComeBack))
            }),
        }
    }
    let (delivered, others) = join(deliveries::deliver(owed, room, deadline), join_all(others)).await;
    let mut nexts = vec![Next::ComeBack; received.len()];
    for (index, next) in delivered.into_iter().chain(others) {
        nexts[index] = next;
    }
    nexts
}

/// A job that is about no single delivery.
async fn other(
    job: Result<Job, NotAJob>,
    message: &Received,
    room: &Deliver,
    deadline: Timestamp,
) -> Result<Next, StoreError> {
    match job {
        Ok(Job::Deliver(_)) => Ok(Next::ComeBack),
        Ok(Job::Recover(job)) => recover::recover(&job, room).await,
        Ok(Job::Probe(job)) => probe::probe(&job, room, deadline).await,
        Ok(Job::Sweep(job)) => sweep::sweep(&job, room).await,
        Ok(Job::Recovery(job)) => recovery::recovery(&job, message.first_receive, room).await,
        Ok(Job::Dispatch(job)) => dispatch::dispatch(&job, room).await,
        Err(error) => unreadable::give_up(message, &error, room).await,
    }
}

/// Writes a state that no attempt led to and that nothing tells of; answers whether it did. A row that has moved on
/// meanwhile is left as it is.
pub(crate) async fn record_without_attempt(
    job: &DeliverJob,
    turn: Turn,
    state: DeliveryState,
    room: &Deliver,
) -> Result<bool, StoreError> {
    is_recorded(room.deliveries.write(&without_attempt(job, turn, state, room.clock.now())).await)
}

/// Gives up a delivery that cannot be attempted. If the row has changed since it was read, the job comes back.
pub(crate) async fn give_up(
    job: &DeliverJob,
    turn: Turn,
    reason: DeadReason,
    webhook: &Webhook,
    room: &Deliver,
) -> Result<Next, StoreError> {
    let state = DeliveryState::Dead { reason };
    let change = without_attempt(job, turn, state, room.clock.now());
    let recorded = is_recorded(tell::write(&change, webhook, room).await)?;
    Ok(if recorded { bury(job, reason) } else { Next::ComeBack })
}

fn without_attempt(job: &DeliverJob, turn: Turn, state: DeliveryState, now: Timestamp) -> Change<'static> {
    Change {
        tenant: job.tenant,
        webhook: job.webhook,
        event: job.event,
        event_type: event_type(job, turn),
        expected: turn.expected,
        round: turn.round,
        round_attempts: turn.number - 1,
        attempt: None,
        forget_attempts: false,
        state,
        now,
    }
}

fn is_recorded(written: Result<(), StoreError>) -> Result<bool, StoreError> {
    match written {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}

/// The event's type as far as it is known without reading the event.
fn event_type(job: &DeliverJob, turn: Turn) -> EventType {
    let inline = job.inline.as_ref().map(|event| event.facts.event_type);
    inline.or(turn.event_type).unwrap_or(EventType::Unknown)
}

/// The dead letter of a job: the same job in the next round, so that a redrive gives it the full schedule again.
pub(crate) fn bury(job: &DeliverJob, reason: DeadReason) -> Next {
    // A redrive of it sends again what was not delivered, and nothing else.
    let next_round = DeliverJob { round: job.round.saturating_add(1), resend: false, slot: None, ..job.clone() };
    let mut letter = Outgoing::now(&Job::Deliver(next_round));
    letter.attributes = vec![
        ("reason", reason.as_str().to_owned()),
        ("tenant", job.tenant.to_string()),
        ("webhook", job.webhook.to_string()),
        ("event", job.event.to_string()),
    ];
    Next::Bury(letter)
}
