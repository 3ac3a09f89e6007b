//! The probe of an open breaker, when its message is lost or has ended.

use jiff::{SignedDuration, Timestamp};
use shared::breaker::Open;
use shared::queue::job::{Job, Probe};
use shared::unknown_fields::UnknownFields;
use shared::webhook::Webhook;

/// Time by which a probe is overdue when it counts as lost (1 h). Reason: this is many times its message's visibility
/// timeout.
const PROBE_OVERDUE: SignedDuration = SignedDuration::from_hours(1);

/// A new job for the probe of an open breaker, if the probe's message was lost: for example moved to the dead-letter
/// queue after many crashes, or deleted because the webhook was disabled. If the lost message turns up again, both are
/// the same probe, and each change of the breaker is made once.
pub(super) fn lost_probe(webhook: &Webhook, open: &Open, now: Timestamp) -> Option<Job> {
    let (tenant, id) = (webhook.tenant, webhook.id);
    let is_lost = now.duration_since(open.next_probe_at) > PROBE_OVERDUE;
    is_lost.then(|| {
        tracing::warn!("the probe is overdue; it is sent again");
        Job::Probe(Probe { tenant, webhook: id, probe: open.probe.clone(), unknown: UnknownFields::default() })
    })
}
