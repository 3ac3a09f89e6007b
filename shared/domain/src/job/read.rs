//! Reads the body of a job's message.

use super::newer::NewerJob;
use super::wire::{Kind, SLOT, VERSION, Wire, WireSlot};
use super::{DeliverJob, DispatchJob, Job, OverdueJob, Probe, RecoveryPage, ReleaseHeld, Sweep, VerifyJob};
use crate::breaker::ProbeId;
use crate::event::Event;
use crate::stored_event::UnreadableEventError;
use crate::unknown_fields::UnknownFields;
use crate::webhook::VerificationId;

/// Why the body of a message gives no job to carry out.
#[derive(Debug, thiserror::Error)]
pub enum JobReadError {
    /// A newer release sent the job, and this release must not act on it. The message waits.
    #[error(transparent)]
    Newer(NewerJob),
    /// The body is no job of any release.
    #[error(transparent)]
    Broken(NotAJob),
}

/// A message's body is not a job of any release. Such a message can never be processed.
#[derive(Debug, thiserror::Error)]
pub enum NotAJob {
    /// The body is not JSON of a known shape.
    #[error("not a job of version {VERSION}")]
    Shape(#[source] serde_json::Error),
    /// The body has a version that no release writes.
    #[error("a job of version {0}")]
    Version(u64),
    /// An id or the inline event cannot be read.
    #[error("a job with an unreadable part")]
    Part(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Job {
    /// Reads a message body. Fields that this release does not know stay with the job.
    pub fn from_json(body: &str) -> Result<Self, JobReadError> {
        let wire: Wire = serde_json::from_str(body).map_err(|error| match NewerJob::in_body(body) {
            Some(newer) => JobReadError::Newer(newer),
            None => JobReadError::Broken(NotAJob::Shape(error)),
        })?;
        if wire.v > VERSION {
            return Err(JobReadError::Newer(NewerJob::of_version(body)));
        }
        let inline = match wire.inline.map(|stored| Event::try_from(*stored).map(Box::new)).transpose() {
            Err(UnreadableEventError::Newer) => return Err(JobReadError::Newer(NewerJob::of_event(body))),
            Err(error) => return Err(JobReadError::Broken(NotAJob::Part(error.into()))),
            Ok(inline) => inline,
        };
        Self::of_wire(Wire { inline: None, ..wire }, inline).map_err(JobReadError::Broken)
    }

    /// The job of a wire form whose inline event is read already.
    fn of_wire(wire: Wire, inline: Option<Box<Event>>) -> Result<Self, NotAJob> {
        if wire.v != VERSION {
            return Err(NotAJob::Version(wire.v));
        }
        let part = |error: crate::id::InvalidId| NotAJob::Part(error.into());
        let tenant = || wire.tenant.parse().map_err(part);
        let webhook = || wire.webhook.parse().map_err(part);
        // A slot that cannot be read counts as never claimed.
        let (slot, slot_rest) = wire.slot.map(WireSlot::split).unwrap_or_default();
        let unknown = UnknownFields::of(wire.rest, SLOT, slot_rest);
        Ok(match wire.kind {
            Kind::Sweep => {
                let is_within_a_tenant = !wire.webhook.is_empty();
                let looked_at = is_within_a_tenant.then(|| Ok((tenant()?, webhook()?))).transpose()?;
                Self::Sweep(Sweep { after: wire.after, looked_at, unknown })
            }
            Kind::Recovery => {
                let recovery = wire.recovery.unwrap_or_default().parse().map_err(part)?;
                Self::Recovery(RecoveryPage { tenant: tenant()?, recovery, page: wire.page, unknown })
            }
            Kind::Dispatch => {
                let event = wire.event.unwrap_or_default().parse().map_err(part)?;
                Self::Dispatch(DispatchJob { tenant: tenant()?, event, after: wire.after, unknown })
            }
            Kind::Recover => {
                Self::ReleaseHeld(ReleaseHeld { tenant: tenant()?, webhook: webhook()?, after: wire.after, unknown })
            }
            Kind::Overdue => {
                Self::Overdue(OverdueJob { tenant: tenant()?, webhook: webhook()?, after: wire.after, unknown })
            }
            Kind::Probe => {
                let probe = ProbeId::from_stored(wire.probe.unwrap_or_default());
                Self::Probe(Probe { tenant: tenant()?, webhook: webhook()?, probe, unknown })
            }
            Kind::Verify => {
                let verification = VerificationId::from_stored(wire.verification.unwrap_or_default());
                Self::Verify(VerifyJob { tenant: tenant()?, webhook: webhook()?, verification, unknown })
            }
            Kind::Deliver => Self::Deliver(DeliverJob {
                tenant: tenant()?,
                webhook: webhook()?,
                event: wire.event.unwrap_or_default().parse().map_err(part)?,
                round: wire.round,
                inline,
                resend: wire.resend,
                slot,
                unknown,
            }),
        })
    }
}
