//! The first jobs of an event whose tenant's webhooks `dispatch` could not read. The job comes back until they can be
//! read, and goes to the dead-letter queue if that takes too long.

use shared::queue::job::{Dispatch, FirstJobs};
use shared::store::StoreError;

use crate::stored_event::{self as stored, Stored};
use crate::{Deliver, Next};

/// Carries out a dispatch job. Copies of it send the same jobs again, as a replay of the stream does.
pub(crate) async fn dispatch(job: &Dispatch, room: &Deliver) -> Result<Next, StoreError> {
    let event = match stored::event(job.tenant, job.event, room).await? {
        Stored::Event(event) => event,
        // Expired: as if it had been told then. Unreadable: the log says so, and the list of events shows it.
        Stored::Nothing(_) => return Ok(Next::Finish),
    };
    let webhooks = room.registry.all_subscribers(job.tenant).await?;
    let first = FirstJobs::of(&event);
    Ok(Next::Forward(
        webhooks.iter().filter(|webhook| webhook.wants(&event)).map(|webhook| first.to(webhook.id)).collect(),
    ))
}
