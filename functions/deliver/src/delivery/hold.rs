//! Deliveries that are not attempted: held for a webhook that is disabled or paused or whose breaker is open, discarded
//! for a deleted one.

use shared::delivery::DeliveryState;
use shared::delivery::standing::Expected;
use shared::queue::job::Deliver as DeliverJob;
use shared::store::StoreError;

use crate::dead_letter::record_without_attempt;
use crate::webhook_cache::Known;
use crate::{Deliver, Next};
use shared::delivery::standing::Turn;

/// Writes the delivery as held, then looks at the webhook afresh: had it been let go before the row was written, the
/// recovery that came with it may have missed this row, and nothing else would wake it. Then it is attempted after all;
/// had the webhook been deleted, it is discarded.
pub(crate) async fn hold(job: &DeliverJob, turn: Turn, room: &Deliver) -> Result<Option<(Known, Turn)>, StoreError> {
    if !turn.held {
        record_without_attempt(job, turn, DeliveryState::Held, room).await?;
    }
    let now = room.clock.now();
    let known = room.webhooks.get_afresh(&room.registry, job.tenant, job.webhook, now).await?;
    let turn = Turn { expected: Expected::Held { round: turn.round, round_attempts: turn.number - 1 }, ..turn };
    let Some(known) = known else {
        discard(job, turn, room).await?;
        return Ok(None);
    };
    Ok(known.takes_attempts().then_some((known, turn)))
}

/// Ends a delivery whose webhook was deleted.
pub(crate) async fn discard(job: &DeliverJob, turn: Turn, room: &Deliver) -> Result<Next, StoreError> {
    record_without_attempt(job, turn, DeliveryState::Discarded, room).await?;
    Ok(Next::Finish)
}
