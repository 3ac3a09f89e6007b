//! Events that do not travel with their job.

use shared::delivery::DeadReason;
use shared::event::Event;
use shared::id::{EventId, TenantId};
use shared::store::StoreError;

use crate::Deliver;

/// What the events table has under an id.
#[derive(Debug)]
pub(crate) enum Stored {
    Event(Box<Event>),
    /// Nothing that could be delivered, now or later.
    Nothing(DeadReason),
}

/// Reads an event. A row that cannot be read will not be readable at the next receive either, so it is no failure of the
/// call; the job would only come back until SQS buried it, without a dead delivery.
pub(crate) async fn event(tenant: TenantId, event: EventId, room: &Deliver) -> Result<Stored, StoreError> {
    match room.events.get(tenant, event).await {
        Ok(Some(event)) => Ok(Stored::Event(Box::new(event))),
        Ok(None) => Ok(Stored::Nothing(DeadReason::EventExpired)),
        Err(StoreError::Unreadable(cause)) => {
            tracing::error!(tenant.id = %tenant, event.id = %event, error = &*cause as &dyn std::error::Error, "the row of {event} cannot be read");
            Ok(Stored::Nothing(DeadReason::Unreadable))
        }
        Err(error) => Err(error),
    }
}
