//! Events that do not travel with their job.

use std::error::Error;

use shared::delivery::DeadReason;
use shared::event::Event;
use shared::id::{EventId, TenantId};
use shared::store::{Events, StoreError};

/// What the events table has under an id.
#[derive(Debug)]
pub(crate) enum Lookup {
    /// The event.
    Found(Box<Event>),
    /// Nothing that could be delivered, now or later.
    Missing(DeadReason),
}

/// Reads an event. The current span has the event's id.
///
/// A row that cannot be read is [`Lookup::Missing`] and not an error: the row will not be readable at the next receive
/// either, and after an error the job would only come back until SQS moved it to the dead-letter queue, without a dead
/// delivery.
pub(crate) async fn find_event(tenant: TenantId, event: EventId, events: &Events) -> Result<Lookup, StoreError> {
    match events.get(tenant, event).await {
        Ok(Some(event)) => Ok(Lookup::Found(Box::new(event))),
        Ok(None) => Ok(Lookup::Missing(DeadReason::EventExpired)),
        Err(StoreError::Unreadable(cause)) => {
            tracing::error!(error = &*cause as &dyn Error, "the row of the event cannot be read");
            Ok(Lookup::Missing(DeadReason::Unreadable))
        }
        Err(error) => Err(error),
    }
}
