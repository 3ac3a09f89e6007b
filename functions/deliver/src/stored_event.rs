//! Events that do not travel with their job.

use std::error::Error;

use shared::delivery::DeadReason;
use shared::event::Event;
use shared::id::{EventId, TenantId};
use shared::store::events::is_of_newer_release;
use shared::store::{Events, StoreError};

/// What the events table has under an id.
#[derive(Debug)]
pub(crate) enum Lookup {
    /// The event.
    Found(Box<Event>),
    /// Nothing that could be delivered, now or later.
    Missing(DeadReason),
    /// An event that this release cannot read, and a newer one can. Its job is parked.
    Newer,
}

/// Why a job with such an event is parked.
pub(crate) const OF_NEWER_EVENT: &str = "a job whose stored event is of a newer release";

/// Reads an event. The current span has the event's id.
///
/// A row that no release can read is [`Lookup::Missing`] and not an error: the row will not be readable at the next
/// receive either, and after an error the job would only come back until SQS moved it to the dead-letter queue, without
/// a dead delivery.
pub(crate) async fn find_event(tenant: TenantId, event: EventId, events: &Events) -> Result<Lookup, StoreError> {
    match events.get(tenant, event).await {
        Ok(Some(event)) => Ok(Lookup::Found(Box::new(event))),
        Ok(None) => Ok(Lookup::Missing(DeadReason::EventExpired)),
        Err(error) if is_of_newer_release(&error) => Ok(Lookup::Newer),
        Err(StoreError::Unreadable(cause)) => {
            tracing::error!(error = &*cause as &dyn Error, "the row of the event cannot be read");
            Ok(Lookup::Missing(DeadReason::Unreadable))
        }
        Err(error) => Err(error),
    }
}
