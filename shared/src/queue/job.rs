//! What travels in a queue.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::breaker::ProbeId;
use crate::delivery::{Delivery, DeliveryKey};
use crate::event::Event;
use crate::id::{EventId, RecoveryId, TenantId, WebhookId};
use crate::rate_limit::{RateLimit, Slot};
use crate::store::events::stored::StoredEvent;

mod first;
mod named;

pub use first::FirstJobs;

/// The version of jobs that this code writes.
const VERSION: u8 = 1;
/// An event whose stored form has up to this many bytes travels inline; SQS bills each started 64 KiB, and the rest is
/// left for names and attributes.
pub const INLINE_LIMIT: usize = 48 * 1024;

/// What travels in a queue.
#[derive(Debug, Clone, PartialEq)]
pub enum Job {
    /// Deliver one event to one webhook.
    Deliver(Deliver),
    /// Send the held deliveries of one webhook to the deliveries queue, page by page.
    Recover(Recover),
    /// Try one held delivery of a webhook whose breaker is open.
    Probe(Probe),
    /// Look for deliveries that are held without a reason.
    Sweep(Sweep),
    /// Do one page of a recovery that somebody asked for.
    Recovery(RecoveryPage),
    /// Send the first jobs of one event.
    Dispatch(Dispatch),
}

/// Deliver one event to one webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct Deliver {
    /// Who owns both.
    pub tenant: TenantId,
    /// To whom.
    pub webhook: WebhookId,
    /// What.
    pub event: EventId,
    /// The delivery's round that the job belongs to; a job of an earlier round than its row's is void.
    pub round: u32,
    /// The event itself, when it is small enough; otherwise it is read from the events table.
    pub inline: Option<Box<Event>>,
    /// Somebody asked for it to be sent again: it is attempted also when it was delivered already.
    pub resend: bool,
    /// What it waits for in line, where its webhook has a rate limit.
    pub slot: Option<Slot>,
}

/// Send the held deliveries of one webhook to the deliveries queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recover {
    /// Who owns it.
    pub tenant: TenantId,
    /// Whose held deliveries.
    pub webhook: WebhookId,
    /// Where to go on; `None` at the start.
    pub after: Option<String>,
}

/// Try one held delivery of a webhook whose breaker is open, again and again until it is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Who owns it.
    pub tenant: TenantId,
    /// Whose breaker.
    pub webhook: WebhookId,
    /// The outage that it belongs to; a probe of another one is void.
    pub probe: ProbeId,
}

/// Look for deliveries that are held without a reason, and recover them. The template's schedule sends the first one
/// every hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sweep {
    /// After which tenant to go on; `None` at the start.
    pub after: Option<String>,
}

/// Do one page of a recovery that somebody asked for; what it is about is in its row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryPage {
    /// Who owns it.
    pub tenant: TenantId,
    /// Which recovery.
    pub recovery: RecoveryId,
    /// Which page, from 0; the job of any other than the next one is void.
    pub page: u32,
}

/// Send the first jobs of one event: `dispatch` could not read the webhooks of its tenant, and the events of other tenants
/// in the same shard do not wait for that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispatch {
    /// Who owns it.
    pub tenant: TenantId,
    /// Which event.
    pub event: EventId,
}

/// The message group of sweeps, which are about no webhook.
const SWEEP_GROUP: &str = "sweep";

/// Why a message's body is not a job; such a message can never be carried out.
#[derive(Debug, thiserror::Error)]
pub enum NotAJob {
    /// Not JSON of a known shape.
    #[error("not a job of version {VERSION}")]
    Shape(#[source] serde_json::Error),
    /// A version that this code does not know.
    #[error("a job of version {0}")]
    Version(u8),
    /// An id or the inline event cannot be read.
    #[error("a job with an unreadable part")]
    Part(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// `I` is the inline event: a [`StoredEvent`], or the JSON of one that is written for many webhooks.
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
    /// When its second begins, in Unix seconds.
    at: i64,
    /// The limit that it was claimed under.
    rate: u32,
    /// The attempt that it is for.
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

impl Deliver {
    /// The first job of a delivery: round 0, with the event inline.
    pub fn first(webhook: WebhookId, event: &Event) -> Self {
        Self {
            tenant: event.tenant,
            webhook,
            event: event.id,
            round: 0,
            inline: Some(Box::new(event.clone())),
            resend: false,
            slot: None,
        }
    }

    /// The job that begins the next round of a held or dead delivery. A dead letter of the delivery is a job of the same
    /// round: the job that comes first claims the round, and the other one is obsolete.
    pub fn next_round(delivery: &Delivery) -> Self {
        Self {
            tenant: delivery.tenant,
            webhook: delivery.webhook,
            event: delivery.event,
            round: delivery.round.saturating_add(1),
            inline: None,
            resend: false,
            slot: None,
        }
    }

    /// The job that is kept as the dead letter of this one: the same delivery in the next round, so that a redrive gives it
    /// the full schedule again. A redrive sends again what was not delivered, and nothing else: the dead letter of a resend
    /// is no resend.
    #[must_use]
    pub fn dead_letter(&self) -> Self {
        Self { round: self.round.saturating_add(1), resend: false, slot: None, ..self.clone() }
    }

    /// The delivery that the job is about.
    pub fn key(&self) -> DeliveryKey {
        DeliveryKey { tenant: self.tenant, webhook: self.webhook, event: self.event }
    }
}

impl Job {
    /// The first job of a delivery: round 0, with the event inline if it is small enough.
    pub fn first(webhook: WebhookId, event: &Event) -> Self {
        Self::Deliver(Deliver::first(webhook, event))
    }

    /// Its message group: the webhook that it is about, or the recovery.
    pub fn group(&self) -> String {
        match self {
            Self::Deliver(deliver) => deliver.webhook.to_string(),
            Self::Recover(recover) => recover.webhook.to_string(),
            Self::Probe(probe) => probe.webhook.to_string(),
            Self::Sweep(_) => SWEEP_GROUP.to_owned(),
            Self::Recovery(page) => page.recovery.to_string(),
            Self::Dispatch(dispatch) => dispatch.tenant.to_string(),
        }
    }

    /// The message body. An inline event over [`INLINE_LIMIT`] is left out: it is read from the table.
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
            Self::Recover(recover) => {
                Wire { after: recover.after.clone(), ..Wire::new(Kind::Recover, recover.tenant, recover.webhook) }
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

    /// Whether a job that carries the event can be read, and so its row too, which has one level less around each value.
    /// Asked before an event is accepted: what cannot be read later would have neither delivery nor dead letter.
    pub fn can_carry(event: &Event) -> Result<(), NotAJob> {
        let tenant = event.tenant;
        let wire = Wire {
            event: Some(event.id.to_string()),
            inline: Some(Box::new(StoredEvent::from(event).without_raw())),
            ..Wire::new(Kind::Deliver, tenant, WebhookId::mint(event.accepted_at, [0; 10]))
        };
        Self::from_json(&json_of(&wire)).map(|_| ())
    }

    /// What a job to deliver that cannot be read is about: the same job without its event, as far as its body names
    /// tenant, webhook and event. `None` for anything else.
    pub fn named_in(body: &str) -> Option<Deliver> {
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
                Self::Dispatch(Dispatch { tenant: tenant()?, event })
            }
            Kind::Recover => Self::Recover(Recover { tenant: tenant()?, webhook: webhook()?, after: wire.after }),
            Kind::Probe => {
                let probe = ProbeId::from_stored(wire.probe.unwrap_or_default());
                Self::Probe(Probe { tenant: tenant()?, webhook: webhook()?, probe })
            }
            Kind::Deliver => Self::Deliver(Deliver {
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
                // One that cannot be read is one that was never claimed.
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

/// A job's JSON. Every map key is a string and no number is a non-finite float, so this cannot fail.
fn json_of<I: Serialize>(wire: &Wire<I>) -> String {
    serde_json::to_string(wire).unwrap_or_default()
}

/// The same JSON without two characters of an event's texts that SQS refuses a message for. They stand nowhere but in
/// strings.
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
        let in_line = Job::Deliver(Deliver { slot: Some(slot), ..job });
        assert_eq!(Job::from_json(&in_line.to_json()).unwrap(), in_line);
        let tenant = TenantId::mint(Timestamp::UNIX_EPOCH, [1; 10]);
        let recover = Job::Recover(Recover { tenant, webhook: webhook(), after: Some("x".into()) });
        assert_eq!(Job::from_json(&recover.to_json()).unwrap(), recover);
        let probe = Job::Probe(Probe { tenant, webhook: webhook(), probe: ProbeId::generate([3; 10]) });
        assert_eq!(Job::from_json(&probe.to_json()).unwrap(), probe);
        let sweep = Job::Sweep(Sweep { after: Some("ten_1".into()) });
        assert_eq!(Job::from_json(&sweep.to_json()).unwrap(), sweep);
        let recovery = RecoveryId::mint(Timestamp::UNIX_EPOCH, [4; 10]);
        let page = Job::Recovery(RecoveryPage { tenant, recovery, page: 7 });
        assert_eq!(Job::from_json(&page.to_json()).unwrap(), page);
        let dispatch = Job::Dispatch(Dispatch { tenant, event: event("").id });
        assert_eq!(Job::from_json(&dispatch.to_json()).unwrap(), dispatch);
        // What the template's schedule sends.
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
        // A large one travels by reference, but its row has to be read too.
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
