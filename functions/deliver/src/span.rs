//! The spans of log lines. They hold the ids, so that no line repeats them.
//!
//! Every line is in the span of its invocation. A line about one message is also in the span of the message. A line
//! about several jobs of one webhook is also in the span of the webhook.

use std::fmt::Display;

use shared::id::{EventId, RecoveryId, TenantId, WebhookId};
use shared::queue::job::{Job, NewerJob, OverdueJob, Probe, ReleaseHeld, VerifyJob};
use tracing::Span;
use tracing::field::{Empty, display};

/// The span of the invocation with this id.
pub(crate) fn of_invocation(request_id: &str) -> Span {
    tracing::info_span!("invocation", request_id)
}

/// The span of a received message. [`note`] adds the other ids as soon as the message's body is read.
pub(crate) fn of_message(id: &str) -> Span {
    tracing::info_span!(
        "message",
        message.id = id,
        tenant.id = Empty,
        webhook.id = Empty,
        event.id = Empty,
        recovery.id = Empty,
    )
}

/// The span of work for a tenant that the message does not name.
pub(crate) fn of_tenant(tenant: TenantId) -> Span {
    tracing::info_span!("tenant", tenant.id = %tenant)
}

/// The span of work for a webhook that is not the work of a single message.
pub(crate) fn of_webhook(tenant: TenantId, webhook: WebhookId) -> Span {
    tracing::info_span!("webhook", tenant.id = %tenant, webhook.id = %webhook)
}

/// The span of work for a recovery that the message does not name.
pub(crate) fn of_recovery(tenant: TenantId, recovery: RecoveryId) -> Span {
    tracing::info_span!("recovery", tenant.id = %tenant, recovery.id = %recovery)
}

/// The span of work on an event that the message does not name.
pub(crate) fn of_event(event: EventId) -> Span {
    tracing::info_span!("event", event.id = %event)
}

/// Adds the tenant of a job of a newer release to the message's span.
pub(crate) fn note_newer(message: &Span, job: &NewerJob) {
    if let Some(tenant) = job.tenant() {
        message.record("tenant.id", display(tenant));
    }
}

/// Adds the ids in a message's job to the message's span.
pub(crate) fn note(message: &Span, job: &Job) {
    let add = |field: &str, id: &dyn Display| {
        message.record(field, display(id));
    };
    match job {
        Job::Deliver(job) => {
            add("tenant.id", &job.tenant);
            add("webhook.id", &job.webhook);
            add("event.id", &job.event);
        }
        Job::ReleaseHeld(ReleaseHeld { tenant, webhook, .. })
        | Job::Probe(Probe { tenant, webhook, .. })
        | Job::Overdue(OverdueJob { tenant, webhook, .. })
        | Job::Verify(VerifyJob { tenant, webhook, .. }) => {
            add("tenant.id", tenant);
            add("webhook.id", webhook);
        }
        Job::Recovery(job) => {
            add("tenant.id", &job.tenant);
            add("recovery.id", &job.recovery);
        }
        Job::Dispatch(job) => {
            add("tenant.id", &job.tenant);
            add("event.id", &job.event);
        }
        // A sweep looks at many tenants.
        Job::Sweep(_) => {}
    }
}
