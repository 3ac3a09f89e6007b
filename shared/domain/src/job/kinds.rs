//! What each kind of job says, besides a delivery's.

use crate::breaker::ProbeId;
use crate::event::Event;
use crate::id::{EventId, RecoveryId, TenantId, WebhookId};
use crate::unknown_fields::UnknownFields;
use crate::webhook::VerificationId;

/// Send the held deliveries of one webhook to the deliveries queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseHeld {
    /// The tenant that owns the webhook.
    pub tenant: TenantId,
    /// The webhook whose held deliveries are sent.
    pub webhook: WebhookId,
    /// Where to continue; `None` at the start.
    pub after: Option<String>,
    /// What a newer release has written into the job.
    pub unknown: UnknownFields,
}

/// Try one held delivery of a webhook whose breaker is open, and repeat this until the breaker is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The tenant that owns the webhook.
    pub tenant: TenantId,
    /// The webhook whose breaker is open.
    pub webhook: WebhookId,
    /// The outage that the probe belongs to. A probe of another outage is void.
    pub probe: ProbeId,
    /// What a newer release has written into the job.
    pub unknown: UnknownFields,
}

/// Look for deliveries that nothing wakes, and send the jobs that wake or end them. The template's schedule sends the
/// first sweep of each hour.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sweep {
    /// The tenant after which the sweep continues; `None` at the start.
    pub after: Option<String>,
    /// A tenant that was looked at in part, and the last of its webhooks that was looked at.
    pub looked_at: Option<(TenantId, WebhookId)>,
    /// What a newer release has written into the job.
    pub unknown: UnknownFields,
}

/// Do one page of a recovery that somebody asked for. The recovery's row says the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryPage {
    /// The tenant that owns the recovery.
    pub tenant: TenantId,
    /// The recovery.
    pub recovery: RecoveryId,
    /// The page's number, from 0. Only the job of the next page is valid; any other is void.
    pub page: u32,
    /// What a newer release has written into the job.
    pub unknown: UnknownFields,
}

/// Send the first jobs of one event. `dispatch` makes such a job when it cannot read the webhooks of the event's
/// tenant, or when the event or its tenant has so many first jobs that events of other tenants in the same shard would
/// wait for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispatchJob {
    /// The tenant that owns the event.
    pub tenant: TenantId,
    /// The event.
    pub event: EventId,
    /// Where the job goes on in the list of webhooks; `None` at the beginning.
    pub after: Option<String>,
    /// What a newer release has written into the job.
    pub unknown: UnknownFields,
}

impl DispatchJob {
    /// The job that sends all first jobs of `event`.
    pub fn of(event: &Event) -> Self {
        Self { tenant: event.tenant, event: event.id, after: None, unknown: UnknownFields::default() }
    }
}

/// Wake the overdue deliveries of one webhook, whose messages were lost, and end the deliveries that the webhook has
/// held for too long. The sweep sends the first job of a webhook, and each page the job of the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverdueJob {
    /// The tenant that owns the webhook.
    pub tenant: TenantId,
    /// The webhook.
    pub webhook: WebhookId,
    /// Where to continue with what is held; `None` at the start.
    pub after: Option<String>,
    /// What a newer release has written into the job.
    pub unknown: UnknownFields,
}

/// Ask the new URLs of one webhook for their consent, and repeat this until they have answered or no challenge is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifyJob {
    /// The tenant that owns the webhook.
    pub tenant: TenantId,
    /// The webhook.
    pub webhook: WebhookId,
    /// The verification that the job belongs to. If the webhook has another one, the job is obsolete.
    pub verification: VerificationId,
    /// What a newer release has written into the job.
    pub unknown: UnknownFields,
}
