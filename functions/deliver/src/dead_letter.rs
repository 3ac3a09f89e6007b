//! Ends that no attempt led to: the row's change, and the dead letter.

use jiff::Timestamp;
use shared::delivery::standing::Turn;
use shared::delivery::{DeadReason, DeliveryState};
use shared::event::EventType;
use shared::queue::Outgoing;
use shared::queue::job::{Deliver as DeliverJob, Job};
use shared::store::StoreError;
use shared::store::deliveries::Change;
use shared::webhook::Webhook;

use crate::{Deliver, Next, operational as tell};

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
