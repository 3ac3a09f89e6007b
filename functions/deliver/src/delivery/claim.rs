//! Attempts of which there may be several at once.
//!
//! A dead letter may be moved twice at once, or redriven and recovered at the same time, and an event's first job may come
//! so late that a recovery has taken its delivery for missing. Then several copies of one job would attempt a delivery
//! side by side, the first time or whenever its schedule says, and a healthy receiver would get it more than once. So a
//! copy claims the attempt in the row before it makes it; the others find it claimed, wait, and find it made.

use jiff::{SignedDuration, Timestamp};
use shared::delivery::DeliveryState;
use shared::event::Event;
use shared::queue::job::Deliver as DeliverJob;
use shared::store::StoreError;
use shared::store::deliveries::Change;

use crate::{Deliver, Next};
use shared::delivery::standing::{Expected, Standing, Turn, standing};

/// Claims the attempt for as long as it can take; a claim whose holder crashed is simply due after that. `Err` is what
/// becomes of a message whose attempt is another copy's.
pub(crate) async fn claim(
    job: &DeliverJob,
    event: &Event,
    turn: Turn,
    lasting: SignedDuration,
    room: &Deliver,
) -> Result<Result<Turn, Next>, StoreError> {
    let now = room.clock.now();
    let next_attempt_at = now.saturating_add(lasting).unwrap_or(Timestamp::MAX);
    let change = Change {
        tenant: job.tenant,
        webhook: job.webhook,
        event: job.event,
        event_type: event.facts.event_type,
        expected: turn.expected,
        round: turn.round,
        round_attempts: turn.number - 1,
        attempt: None,
        forget_attempts: false,
        state: DeliveryState::Waiting { next_attempt_at },
        now,
    };
    match room.deliveries.write(&change).await {
        Ok(()) => {
            let expected = Expected::At { round: turn.round, round_attempts: turn.number - 1 };
            Ok(Ok(Turn { expected, ..turn }))
        }
        Err(StoreError::Conflict) => {
            let row = room.deliveries.get(job.tenant, job.webhook, job.event).await?;
            Ok(Err(match standing(job.round, false, row.as_ref(), now) {
                Standing::NotDue { at } => Next::Wait { until: at },
                Standing::Void | Standing::BuryAgain { .. } => Next::Finish,
                Standing::Attempt(_) => Next::ComeBack,
            }))
        }
        Err(error) => Err(error),
    }
}
