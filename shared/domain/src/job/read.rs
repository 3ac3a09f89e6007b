//! Reads the body of a job's message.

use super::wire::{Kind, VERSION, Wire, WireSlot};
use super::write::json_of;
use super::{DeliverJob, DispatchJob, Job, OverdueJob, Probe, RecoveryPage, ReleaseHeld, Sweep};
use crate::breaker::ProbeId;
use crate::event::Event;
use crate::id::WebhookId;
use crate::stored_event::StoredEvent;

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

impl Job {
    /// Whether a job with the event can be read. If so, the event's row can be read too, because it has one level less
    /// around each value. `ingest` asks this before it accepts an event: an event that cannot be read later would get
    /// neither a delivery nor a dead letter.
    pub fn can_carry(event: &Event) -> Result<(), NotAJob> {
        let tenant = event.tenant;
        let wire = Wire {
            event: Some(event.id.to_string()),
            inline: Some(Box::new(StoredEvent::from(event).without_raw())),
            ..Wire::new(Kind::Deliver, tenant, WebhookId::mint(event.accepted_at, [0; 10]))
        };
        Self::from_json(&json_of(&wire)).map(|_| ())
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
            Kind::Sweep => Self::Sweep(Sweep { after: wire.after }),
            Kind::Recovery => {
                let recovery = wire.recovery.unwrap_or_default().parse().map_err(part)?;
                Self::Recovery(RecoveryPage { tenant: tenant()?, recovery, page: wire.page })
            }
            Kind::Dispatch => {
                let event = wire.event.unwrap_or_default().parse().map_err(part)?;
                Self::Dispatch(DispatchJob { tenant: tenant()?, event })
            }
            Kind::Recover => {
                Self::ReleaseHeld(ReleaseHeld { tenant: tenant()?, webhook: webhook()?, after: wire.after })
            }
            Kind::Overdue => Self::Overdue(OverdueJob { tenant: tenant()?, webhook: webhook()?, after: wire.after }),
            Kind::Probe => {
                let probe = ProbeId::from_stored(wire.probe.unwrap_or_default());
                Self::Probe(Probe { tenant: tenant()?, webhook: webhook()?, probe })
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
