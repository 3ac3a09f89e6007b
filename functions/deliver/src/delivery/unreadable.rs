//! Jobs that cannot be read. They would only spin, so they are given up: with a dead delivery, if they still say of which.

use shared::delivery::DeadReason;
use shared::delivery::standing::{Standing, standing};
use shared::queue::Outgoing;
use shared::queue::job::{Job, NotAJob};
use shared::store::StoreError;

use crate::dead_letter::{bury, give_up as give_up_delivery};
use crate::delivery::hold;
use crate::{Deliver, Next, Received};

/// Group of messages that name no delivery.
const NO_GROUP: &str = "unreadable";

/// Gives up the delivery that the job names. Its dead letter refers to the event in the events table, so that a redrive
/// can still deliver it. What names no delivery goes to the dead-letter queue as it is.
pub(crate) async fn give_up(message: &Received, error: &NotAJob, room: &Deliver) -> Result<Next, StoreError> {
    let Some(job) = Job::named_in(&message.body) else { return Ok(bury_as_it_is(message, error)) };
    let row = room.deliveries.get(job.tenant, job.webhook, job.event).await?;
    let now = room.clock.now();
    let turn = match standing(job.round, job.resend, row.as_ref(), now) {
        Standing::Void => return Ok(Next::Finish),
        Standing::BuryAgain { reason } => return Ok(bury(&job, reason)),
        Standing::NotDue { at } => return Ok(Next::Wait { until: at }),
        Standing::Attempt(turn) => turn,
    };
    log(message, error);
    match room.webhooks.get(&room.registry, job.tenant, job.webhook, now).await? {
        Some(known) => give_up_delivery(&job, turn, DeadReason::Unreadable, &known.webhook, room).await,
        None => hold::discard(&job, turn, room).await,
    }
}

fn bury_as_it_is(message: &Received, error: &NotAJob) -> Next {
    log(message, error);
    Next::Bury(Outgoing {
        body: message.body.clone(),
        group: NO_GROUP.to_owned(),
        delay_seconds: 0,
        attributes: vec![("reason", DeadReason::Unreadable.as_str().to_owned())],
    })
}

fn log(message: &Received, error: &NotAJob) {
    tracing::error!(sqs.message_id = message.id, "message {} is {error}; it is given up", message.id);
}
