//! Jobs: the content of messages in the queues.

use crate::event::Event;
use crate::id::WebhookId;

mod kinds;
mod deliver;
mod wire;
mod write;
mod newer;
mod read;
mod carried;
mod first;
mod named;
#[cfg(test)]
mod tests;

pub use carried::NotCarriedError;
pub use deliver::DeliverJob;
pub use first::FirstJobs;
pub use kinds::{DispatchJob, OverdueJob, Probe, RecoveryPage, ReleaseHeld, Sweep, VerifyJob};
pub use newer::NewerJob;
pub use read::{JobReadError, NotAJob};
pub use write::INLINE_LIMIT;

/// The content of a message in a queue.
#[derive(Debug, Clone, PartialEq)]
pub enum Job {
    /// Deliver one event to one webhook.
    Deliver(DeliverJob),
    /// Send the held deliveries of one webhook to the deliveries queue, page by page.
    ReleaseHeld(ReleaseHeld),
    /// Try one held delivery of a webhook whose breaker is open.
    Probe(Probe),
    /// Look for deliveries that nothing wakes.
    Sweep(Sweep),
    /// Do one page of a recovery that somebody asked for.
    Recovery(RecoveryPage),
    /// Send the first jobs of one event.
    Dispatch(DispatchJob),
    /// Wake the overdue deliveries of one webhook, and end those that are held for too long.
    Overdue(OverdueJob),
    /// Ask the new URLs of one webhook for their consent.
    Verify(VerifyJob),
}

/// The message group of sweeps, because they belong to no tenant.
const SWEEP_GROUP: &str = "sweep";

impl Job {
    /// The first job of a delivery: round 0, with the event inline if the event is small enough.
    pub fn first(webhook: WebhookId, event: &Event) -> Self {
        Self::Deliver(DeliverJob::first(webhook, event))
    }

    /// The job's message group: its tenant. Reason: a group that occupies many of a queue's consumers gets its messages
    /// after the other groups, by SQS fair queues. A tenant with 500 webhooks would have 500 groups by webhook, each
    /// too small to be noticed.
    pub fn group(&self) -> String {
        match self {
            Self::Deliver(deliver) => deliver.tenant.to_string(),
            Self::ReleaseHeld(release) => release.tenant.to_string(),
            Self::Probe(probe) => probe.tenant.to_string(),
            Self::Sweep(_) => SWEEP_GROUP.to_owned(),
            Self::Recovery(page) => page.tenant.to_string(),
            Self::Dispatch(dispatch) => dispatch.tenant.to_string(),
            Self::Overdue(overdue) => overdue.tenant.to_string(),
            Self::Verify(verify) => verify.tenant.to_string(),
        }
    }

    /// The delivery of a job that cannot be read: the job without its event, if the body names tenant, webhook and
    /// event. `None` for all other bodies.
    pub fn named_in(body: &str) -> Option<DeliverJob> {
        named::in_body(body)
    }
}
