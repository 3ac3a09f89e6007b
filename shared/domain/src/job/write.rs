//! Writes the body of a job's message.

use serde::Serialize;

use super::wire::{Kind, SLOT, Wire, WireSlot};
use super::{Job, Sweep};
use crate::event::Event;
use crate::sqs_characters::escaped;
use crate::stored_event::StoredEvent;
use crate::unknown_fields::UnknownFields;

/// Maximum size of an event's stored form that travels inside the job. Reason: SQS bills each started 64 KiB, and the
/// rest is for names and attributes.
pub const INLINE_LIMIT: usize = 48 * 1024;

impl Job {
    /// The message body. An event larger than [`INLINE_LIMIT`] is left out; `deliver` reads it from the table.
    pub fn to_json(&self) -> String {
        let (rest, slot_rest) = self.unknown().parts(SLOT);
        let wire = match self {
            Self::Deliver(deliver) => Wire {
                event: Some(deliver.event.to_string()),
                round: deliver.round,
                inline: deliver.inline.as_deref().and_then(inline),
                resend: deliver.resend,
                slot: deliver.slot.as_ref().map(|slot| WireSlot::new(slot, slot_rest)),
                rest,
                ..Wire::new(Kind::Deliver, deliver.tenant, deliver.webhook)
            },
            Self::ReleaseHeld(release) => {
                Wire { after: release.after.clone(), rest, ..Wire::new(Kind::Recover, release.tenant, release.webhook) }
            }
            Self::Overdue(overdue) => {
                Wire { after: overdue.after.clone(), rest, ..Wire::new(Kind::Overdue, overdue.tenant, overdue.webhook) }
            }
            Self::Probe(probe) => Wire {
                probe: Some(probe.probe.as_str().to_owned()),
                rest,
                ..Wire::new(Kind::Probe, probe.tenant, probe.webhook)
            },
            Self::Verify(verify) => Wire {
                verification: Some(verify.verification.as_str().to_owned()),
                rest,
                ..Wire::new(Kind::Verify, verify.tenant, verify.webhook)
            },
            Self::Sweep(Sweep { after, looked_at, .. }) => {
                let wire = match looked_at {
                    None => Wire::of_no_webhook(Kind::Sweep),
                    Some((tenant, webhook)) => Wire::new(Kind::Sweep, *tenant, *webhook),
                };
                Wire { after: after.clone(), rest, ..wire }
            }
            Self::Recovery(page) => Wire {
                tenant: page.tenant.to_string(),
                recovery: Some(page.recovery.to_string()),
                page: page.page,
                rest,
                ..Wire::of_no_webhook(Kind::Recovery)
            },
            Self::Dispatch(dispatch) => Wire {
                tenant: dispatch.tenant.to_string(),
                event: Some(dispatch.event.to_string()),
                after: dispatch.after.clone(),
                rest,
                ..Wire::of_no_webhook(Kind::Dispatch)
            },
        };
        escaped(json_of(&wire))
    }

    fn unknown(&self) -> &UnknownFields {
        match self {
            Self::Deliver(job) => &job.unknown,
            Self::ReleaseHeld(job) => &job.unknown,
            Self::Probe(job) => &job.unknown,
            Self::Sweep(job) => &job.unknown,
            Self::Recovery(job) => &job.unknown,
            Self::Dispatch(job) => &job.unknown,
            Self::Overdue(job) => &job.unknown,
            Self::Verify(job) => &job.unknown,
        }
    }
}

/// The JSON of a job. Serialisation cannot fail, because every map key is a string and every number is finite.
pub(super) fn json_of<I: Serialize>(wire: &Wire<I>) -> String {
    serde_json::to_string(wire).unwrap_or_default()
}

pub(super) fn inline(event: &Event) -> Option<Box<StoredEvent>> {
    let stored = StoredEvent::from(event).without_raw();
    let bytes = serde_json::to_vec(&stored).map_or(usize::MAX, |json| json.len());
    (bytes <= INLINE_LIMIT || event.test).then(|| Box::new(stored))
}
