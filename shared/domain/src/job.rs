//! Jobs: the content of messages in the queues.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::breaker::ProbeId;
use crate::event::Event;
use crate::id::{EventId, RecoveryId, TenantId, WebhookId};
use crate::rate_limit::{RateLimit, Slot};
use crate::stored_event::StoredEvent;

mod deliver;
mod first;
mod named;

pub use deliver::DeliverJob;
pub use first::FirstJobs;

/// The version of jobs that this code writes.
const VERSION: u8 = 1;
/// Maximum size of an event's stored form that travels inside the job. Reason: SQS bills each started 64 KiB, and the
/// rest is for names and attributes.
pub const INLINE_LIMIT: usize = 48 * 1024;

/// The content of a message in a queue.
#[derive(Debug, Clone, PartialEq)]
pub enum Job {
    /// Deliver one event to one webhook.
    Deliver(DeliverJob),
    /// Send the held deliveries of one webhook to the deliveries queue, page by page.
    ReleaseHeld(ReleaseHeld),
    /// Try one held delivery of a webhook whose breaker is open.
    Probe(Probe),
    /// Look for deliveries that are held although nothing holds them.
    Sweep(Sweep),
    /// Do one page of a recovery that somebody asked for.
    Recovery(RecoveryPage),
    /// Send the first jobs of one event.
    Dispatch(DispatchJob),
}

/// Send the held deliveries of one webhook to the deliveries queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseHeld {
    /// The tenant that owns the webhook.
    pub tenant: TenantId,
    /// The webhook whose held deliveries are sent.
    pub webhook: WebhookId,
    /// Where to continue; `None` at the start.
    pub after: Option<String>,
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
}

/// Look for deliveries that are held although nothing holds them, and release them. The template's schedule sends the
/// first sweep of each hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// The tenant after which the sweep continues; `None` at the start.
    pub after: Option<String>,
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
}

/// Send the first jobs of one event. `dispatch` makes such a job when it cannot read the webhooks of the event's
/// tenant, so that events of other tenants in the same shard do not wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DispatchJob {
    /// The tenant that owns the event.
    pub tenant: TenantId,
    /// The event.
    pub event: EventId,
}

/// The message group of sweeps, because they belong to no webhook.
const SWEEP_GROUP: &str = "sweep";

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

/// `I` is the inline event: a [`StoredEvent`], or its JSON when the JSON is written once for many webhooks.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "I: Deserialize<'de>"))]
struct Wire<I = Box<StoredEvent>> {
    v: u8,
    kind: Kind,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    tenant: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    webhook: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event: Option<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    round: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    inline: Option<I>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    probe: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    resend: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slot: Option<WireSlot>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    recovery: Option<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    page: u32,
}

/// A slot in a rate limit's line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSlot {
    /// When the slot's second begins, in Unix seconds.
    at: i64,
    /// The limit under which the slot was claimed.
    rate: u32,
    /// The attempt that the slot is for.
    attempt: u32,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    shared: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Deliver,
    Recover,
    Probe,
    Sweep,
    Recovery,
    Dispatch,
}

impl<I> Wire<I> {
    fn new(kind: Kind, tenant: TenantId, webhook: WebhookId) -> Self {
        Self { tenant: tenant.to_string(), webhook: webhook.to_string(), ..Self::of_no_webhook(kind) }
    }

    fn of_no_webhook(kind: Kind) -> Self {
        Self {
            v: VERSION,
            kind,
            tenant: String::new(),
            webhook: String::new(),
            event: None,
            round: 0,
            inline: None,
            after: None,
            probe: None,
            resend: false,
            slot: None,
            recovery: None,
            page: 0,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Job {
    /// The first job of a delivery: round 0, with the event inline if the event is small enough.
    pub fn first(webhook: WebhookId, event: &Event) -> Self {
        Self::Deliver(DeliverJob::first(webhook, event))
    }

    /// The job's message group: its webhook, its recovery, or its tenant.
    pub fn group(&self) -> String {
        match self {
            Self::Deliver(deliver) => deliver.webhook.to_string(),
            Self::ReleaseHeld(release) => release.webhook.to_string(),
            Self::Probe(probe) => probe.webhook.to_string(),
            Self::Sweep(_) => SWEEP_GROUP.to_owned(),
            Self::Recovery(page) => page.recovery.to_string(),
            Self::Dispatch(dispatch) => dispatch.tenant.to_string(),
        }
    }

    /// The message body. An event larger than [`INLINE_LIMIT`] is left out; `deliver` reads it from the table.
    pub fn to_json(&self) -> String {
        let wire = match self {
            Self::Deliver(deliver) => Wire {
                event: Some(deliver.event.to_string()),
                round: deliver.round,
                inline: deliver.inline.as_deref().and_then(inline),
                resend: deliver.resend,
                slot: deliver.slot.as_ref().map(WireSlot::from),
                ..Wire::new(Kind::Deliver, deliver.tenant, deliver.webhook)
            },
            Self::ReleaseHeld(release) => {
                Wire { after: release.after.clone(), ..Wire::new(Kind::Recover, release.tenant, release.webhook) }
            }
            Self::Probe(probe) => Wire {
                probe: Some(probe.probe.as_str().to_owned()),
                ..Wire::new(Kind::Probe, probe.tenant, probe.webhook)
            },
            Self::Sweep(sweep) => Wire { after: sweep.after.clone(), ..Wire::of_no_webhook(Kind::Sweep) },
            Self::Recovery(page) => Wire {
                tenant: page.tenant.to_string(),
                recovery: Some(page.recovery.to_string()),
                page: page.page,
                ..Wire::of_no_webhook(Kind::Recovery)
            },
            Self::Dispatch(dispatch) => Wire {
                tenant: dispatch.tenant.to_string(),
                event: Some(dispatch.event.to_string()),
                ..Wire::of_no_webhook(Kind::Dispatch)
            },
        };
        taken_by_sqs(json_of(&wire))
    }

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

    /// The delivery of a job that cannot be read: the job without its event, if the body names tenant, webhook and
    /// event. `None` for all other bodies.
    pub fn named_in(body: &str) -> Option<DeliverJob> {
        named::in_body(body)
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

impl From<&Slot> for WireSlot {
    fn from(slot: &Slot) -> Self {
        Self {
            at: slot.begins_at.as_second(),
            rate: slot.limit.per_second(),
            attempt: slot.attempt,
            shared: slot.shared,
        }
    }
}

impl WireSlot {
    fn read(self) -> Option<Slot> {
        let begins_at = Timestamp::from_second(self.at).ok()?;
        Some(Slot { begins_at, limit: RateLimit::new(self.rate)?, attempt: self.attempt, shared: self.shared })
    }
}

/// The JSON of a job. Serialisation cannot fail, because every map key is a string and every number is finite.
fn json_of<I: Serialize>(wire: &Wire<I>) -> String {
    serde_json::to_string(wire).unwrap_or_default()
}

/// The JSON with two characters escaped. SQS refuses messages that contain them. They can appear only in an event's
/// texts, so only inside strings.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>
fn taken_by_sqs(json: String) -> String {
    if json.contains(['\u{fffe}', '\u{ffff}']) {
        json.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff")
    } else {
        json
    }
}

fn inline(event: &Event) -> Option<Box<StoredEvent>> {
    let stored = StoredEvent::from(event).without_raw();
    let bytes = serde_json::to_vec(&stored).map_or(usize::MAX, |json| json.len());
    (bytes <= INLINE_LIMIT || event.test).then(|| Box::new(stored))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EventType, Facts, METADATA_NESTING};
    use crate::provider::Provider;

    fn event(diagnostic: &str) -> Event {
        let at = Timestamp::UNIX_EPOCH;
        let mut facts = Facts::new(EventType::Bounced, Provider::Own, "email.bounced", "k", at);
        facts.diagnostic = Some(diagnostic.to_owned());
        Event::accept(facts, TenantId::mint(at, [1; 10]), None, at)
    }

    fn webhook() -> WebhookId {
        WebhookId::mint(Timestamp::UNIX_EPOCH, [2; 10])
    }

    #[test]
    fn jobs_read_back() {
        let deliver = Job::first(webhook(), &event("short"));
        assert_eq!(Job::from_json(&deliver.to_json()).unwrap(), deliver);
        let Job::Deliver(job) = deliver else { panic!("not a delivery") };
        let limit = RateLimit::new(5).unwrap();
        let slot = Slot { begins_at: Timestamp::UNIX_EPOCH, limit, attempt: 2, shared: true };
        let in_line = Job::Deliver(DeliverJob { slot: Some(slot), ..job });
        assert_eq!(Job::from_json(&in_line.to_json()).unwrap(), in_line);
        let tenant = TenantId::mint(Timestamp::UNIX_EPOCH, [1; 10]);
        let recover = Job::ReleaseHeld(ReleaseHeld { tenant, webhook: webhook(), after: Some("x".into()) });
        assert_eq!(Job::from_json(&recover.to_json()).unwrap(), recover);
        let probe = Job::Probe(Probe { tenant, webhook: webhook(), probe: ProbeId::generate([3; 10]) });
        assert_eq!(Job::from_json(&probe.to_json()).unwrap(), probe);
        let sweep = Job::Sweep(Sweep { after: Some("ten_1".into()) });
        assert_eq!(Job::from_json(&sweep.to_json()).unwrap(), sweep);
        let recovery = RecoveryId::mint(Timestamp::UNIX_EPOCH, [4; 10]);
        let page = Job::Recovery(RecoveryPage { tenant, recovery, page: 7 });
        assert_eq!(Job::from_json(&page.to_json()).unwrap(), page);
        let dispatch = Job::Dispatch(DispatchJob { tenant, event: event("").id });
        assert_eq!(Job::from_json(&dispatch.to_json()).unwrap(), dispatch);
        // The body that the template's schedule sends.
        assert_eq!(Job::from_json(r#"{"v":1,"kind":"sweep"}"#).unwrap(), Job::Sweep(Sweep { after: None }));
    }

    #[test]
    fn large_events_travel_by_reference() {
        let job = Job::first(webhook(), &event(&"x".repeat(INLINE_LIMIT)));
        let Job::Deliver(read) = Job::from_json(&job.to_json()).unwrap() else { panic!("not a delivery") };
        assert_eq!(read.inline, None);
    }

    #[test]
    fn a_job_carries_values_down_to_the_limit_of_nesting() {
        let nested = |levels: usize| {
            let mut event = event("short");
            let value = (1..levels).fold(serde_json::json!([]), |inner, _| serde_json::json!([inner]));
            event.facts.metadata.insert("x".to_owned(), value);
            event
        };
        let most = nested(METADATA_NESTING);
        Job::can_carry(&most).unwrap();
        let job = Job::first(webhook(), &most);
        assert_eq!(Job::from_json(&job.to_json()).unwrap(), job);
        assert!(matches!(Job::can_carry(&nested(METADATA_NESTING + 1)), Err(NotAJob::Shape(_))));
        // The job of a large event does not carry the event, but the event's row must be readable too.
        let mut large = nested(METADATA_NESTING + 1);
        large.facts.diagnostic = Some("x".repeat(INLINE_LIMIT));
        assert!(Job::can_carry(&large).is_err());
    }

    #[test]
    fn refuses_other_bodies() {
        for body in [
            "",
            "{}",
            r#"{"v":9,"kind":"deliver","tenant":"","webhook":""}"#,
            r#"{"v":1,"kind":"deliver","tenant":"x","webhook":"y"}"#,
        ] {
            assert!(Job::from_json(body).is_err(), "{body}");
        }
    }
}
