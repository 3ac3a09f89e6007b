//! Reads the body of a job's message.

use super::wire::{Kind, VERSION, Wire, WireSlot};
use super::write::json_of;
use super::{DeliverJob, DispatchJob, Job, OverdueJob, Probe, RecoveryPage, ReleaseHeld, Sweep, VerifyJob};
use crate::breaker::ProbeId;
use crate::event::{Event, Facts, MAX_ROW_BYTES, Raw};
use crate::id::WebhookId;
use crate::stored_event::StoredEvent;
use crate::webhook::VerificationId;

/// A message's body is not a job. Such a message can never be processed.
#[derive(Debug, thiserror::Error)]
pub enum NotAJob {
    /// The body is not JSON of a known shape.
    #[error("not a job of version {VERSION}")]
    Shape(#[source] serde_json::Error),
    /// The body has a version that this code does not know.
    #[error("a job of version {0}")]
    Version(u8),
    /// An id or the inline event cannot be read.
    #[error("a job with an unreadable part")]
    Part(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why an event must not be accepted: it could not be delivered later.
#[derive(Debug, thiserror::Error)]
pub enum NotCarriedError {
    /// No job with the event can be read.
    #[error("its job cannot be read")]
    Unreadable(#[from] NotAJob),
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

    /// Reads a message body.
    pub fn from_json(body: &str) -> Result<Self, NotAJob> {
        let wire: Wire = serde_json::from_str(body).map_err(NotAJob::Shape)?;
        if wire.v != VERSION {
            return Err(NotAJob::Version(wire.v));
        }
        let part = |error: crate::id::InvalidId| NotAJob::Part(error.into());
        let tenant = || wire.tenant.parse().map_err(part);
        let webhook = || wire.webhook.parse().map_err(part);
        Ok(match wire.kind {
            Kind::Sweep => {
                let is_within_a_tenant = !wire.webhook.is_empty();
                let looked_at = is_within_a_tenant.then(|| Ok((tenant()?, webhook()?))).transpose()?;
                Self::Sweep(Sweep { after: wire.after, looked_at })
            }
            Kind::Recovery => {
                let recovery = wire.recovery.unwrap_or_default().parse().map_err(part)?;
                Self::Recovery(RecoveryPage { tenant: tenant()?, recovery, page: wire.page })
            }
            Kind::Dispatch => {
                let event = wire.event.unwrap_or_default().parse().map_err(part)?;
                Self::Dispatch(DispatchJob { tenant: tenant()?, event, after: wire.after })
            }
            Kind::Recover => {
                Self::ReleaseHeld(ReleaseHeld { tenant: tenant()?, webhook: webhook()?, after: wire.after })
            }
            Kind::Overdue => Self::Overdue(OverdueJob { tenant: tenant()?, webhook: webhook()?, after: wire.after }),
            Kind::Probe => {
                let probe = ProbeId::from_stored(wire.probe.unwrap_or_default());
                Self::Probe(Probe { tenant: tenant()?, webhook: webhook()?, probe })
            }
            Kind::Verify => {
                let verification = VerificationId::from_stored(wire.verification.unwrap_or_default());
                Self::Verify(VerifyJob { tenant: tenant()?, webhook: webhook()?, verification })
            }
            Kind::Deliver => Self::Deliver(DeliverJob {
                tenant: tenant()?,
                webhook: webhook()?,
                event: wire.event.unwrap_or_default().parse().map_err(part)?,
                round: wire.round,
                inline: wire
                    .inline
                    .map(|stored| Event::try_from(*stored).map(Box::new))
                    .transpose()
                    .map_err(|error| NotAJob::Part(error.into()))?,
                resend: wire.resend,
                // A slot that cannot be read counts as never claimed.
                slot: wire.slot.and_then(WireSlot::read),
            }),
        })
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
