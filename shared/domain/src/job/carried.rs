//! Whether an event can travel to its deliveries.

use super::read::JobReadError;
use super::wire::{Kind, Wire};
use super::write::json_of;
use super::{DeliverJob, Job};
use crate::event::{Event, Facts, MAX_ROW_BYTES, Raw};
use crate::id::WebhookId;
use crate::stored_event::StoredEvent;

/// Why an event must not be accepted: it could not be delivered later.
#[derive(Debug, thiserror::Error)]
pub enum NotCarriedError {
    /// No job with the event can be read.
    #[error("its job cannot be read")]
    Unreadable(#[from] JobReadError),
    /// A job with the event is read as another event.
    #[error("its job is read as another event")]
    Changed,
    /// The event's row may be larger than `DynamoDB` takes.
    #[error("its row may have {0} bytes, and at most {MAX_ROW_BYTES} are stored")]
    TooLarge(usize),
}

impl Job {
    /// Whether `dispatch` can read the event's row, and `deliver` the event's job, as this very event. `ingest` asks
    /// this before it accepts an event: an event that cannot be read later would get neither a delivery nor a dead
    /// letter.
    ///
    /// This writes a job with the event and reads it. The row needs no reading of its own: it has the same JSON with
    /// one level less around each value, and what was received as one more text. The size of the job bounds the size of
    /// the row.
    pub fn can_carry(event: &Event) -> Result<(), NotCarriedError> {
        let wire = Wire {
            event: Some(event.id.to_string()),
            inline: Some(Box::new(StoredEvent::from(event).without_raw())),
            ..Wire::new(Kind::Deliver, event.tenant, WebhookId::mint(event.accepted_at, [0; 10]))
        };
        let json = json_of(&wire);
        let bytes = json.len() + bytes_of_raw(event);
        if bytes > MAX_ROW_BYTES {
            return Err(NotCarriedError::TooLarge(bytes));
        }
        let Self::Deliver(DeliverJob { inline: Some(read), .. }) = Self::from_json(&json)? else {
            return Err(NotCarriedError::Changed);
        };
        // The time of acceptance is stored in milliseconds, and what was received does not travel with a job.
        let (accepted_at, raw) = (event.accepted_at, event.facts.raw.clone());
        let read = Event { accepted_at, facts: Facts { raw, ..read.facts }, ..*read };
        if read == *event { Ok(()) } else { Err(NotCarriedError::Changed) }
    }
}

/// Maximum bytes that the row needs for what was received. An object is JSON or a form, so no byte of it takes more
/// than two bytes when it is written as JSON again. A body that could not be read has its own limit, and is compressed.
fn bytes_of_raw(event: &Event) -> usize {
    match &event.facts.raw {
        Some(Raw::Whole(text)) => 2 * text.len(),
        Some(Raw::Dropped { .. } | Raw::Body { .. }) | None => 0,
    }
}
