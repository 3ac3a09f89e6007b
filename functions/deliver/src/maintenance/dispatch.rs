//! The first jobs of an event whose tenant's webhooks `dispatch` could not read. The job comes back until the webhooks
//! can be read, and SQS moves it to the dead-letter queue if that takes too long.

use shared::queue::Outgoing;
use shared::queue::job::{DispatchJob, FirstJobs};

use crate::disposition::{Disposition, Stop};
use crate::stored_event::{Lookup, find_event};
use crate::stores::Stores;

/// Carries out a dispatch job. A copy of it sends the same jobs again, as a replay of the stream does.
pub(crate) async fn dispatch(job: &DispatchJob, stores: &Stores) -> Result<Disposition, Stop> {
    let event = match find_event(job.tenant, job.event, &stores.events).await? {
        Lookup::Found(event) => event,
        // An expired event is too old to be delivered. An unreadable one is in the log and in the list of events.
        Lookup::Missing(_) => return Ok(Disposition::Delete),
    };
    let webhooks = stores.subscribers.all(job.tenant).await?;
    let first = FirstJobs::of(&event);
    let wanting = webhooks.iter().filter(|webhook| webhook.wants(&event));
    Ok(Disposition::Replace(wanting.map(|webhook| Outgoing::first(&first, webhook.id)).collect()))
}
