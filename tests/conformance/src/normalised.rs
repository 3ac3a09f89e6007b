//! What became of a fixture, in the words of the index: one JSON line each.

use domain::event::{BounceType, Event, EventType, Geo, Recipient, RejectReason};
use domain::id::{SourceId, TenantId};
use domain::problem::Problem;
use domain::provider::{MAX_PROVIDER_BODY, Received, Refusal, Report};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::Fixture;

/// How a post ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It gave events.
    Events,
    /// It was accepted and gives nothing.
    NoEvents,
    /// It was accepted and starts SNS's handshake.
    SnsConfirm,
    /// It was accepted and kept, because it cannot be read.
    Unparsed,
    /// It is not authentic.
    AuthRejected,
    /// It is refused for anything else.
    Refused,
}

impl Outcome {
    /// Of a post that `ingest` took or refused.
    pub fn of(received: &Result<Received, Refusal>) -> Self {
        match received {
            Err(Refusal::Unauthentic(_)) => Self::AuthRejected,
            Err(_) => Self::Refused,
            Ok(received) if received.confirm.is_some() => Self::SnsConfirm,
            Ok(received) if received.reports.is_empty() => Self::NoEvents,
            Ok(received) => {
                let unparsed = received.reports.iter().all(|report| report.facts.event_type == EventType::Unparsed);
                if unparsed { Self::Unparsed } else { Self::Events }
            }
        }
    }
}

/// One fixture.
#[derive(Debug, Serialize)]
pub struct Line {
    id: String,
    outcome: Outcome,
    /// The HTTP status that `ingest` answers.
    status: u16,
    events: Vec<Shown>,
}

/// One event of it. Every member is always there; what is not known is null.
#[derive(Debug, Serialize)]
pub struct Shown {
    r#type: String,
    provider_event: String,
    recipient: Option<String>,
    message_id: Option<String>,
    timestamp: String,
    bounce_type: Option<&'static str>,
    reject_reason: Option<&'static str>,
    url: Option<String>,
    tags: Vec<String>,
    metadata: Map<String, Value>,
    campaign: Option<String>,
    event_id: String,
    id: String,
    ip: Option<String>,
    user_agent: Option<String>,
    geo: Option<Place>,
    diagnostic: Option<String>,
    smtp_code: Option<u16>,
    enhanced_code: Option<String>,
}

#[derive(Debug, Serialize)]
struct Place {
    country: Option<String>,
    region: Option<String>,
    city: Option<String>,
}

/// Takes `fixture` in and says what became of it.
pub fn line(fixture: &Fixture) -> Line {
    // What ingest checks before it looks for the source.
    if fixture.body.len() > MAX_PROVIDER_BODY {
        return Line { id: fixture.id.clone(), outcome: Outcome::Refused, status: 413, events: Vec::new() };
    }
    let received = fixture.receive();
    let outcome = Outcome::of(&received);
    let (status, reports) = match received {
        Ok(received) => (200, received.reports),
        Err(refusal) => (Problem::from(refusal).status, Vec::new()),
    };
    Line { id: fixture.id.clone(), outcome, status, events: events(reports, fixture.now) }
}

/// The events of a post, as they are shown.
pub fn events(reports: Vec<Report>, now: Timestamp) -> Vec<Shown> {
    let (tenant, source) = owner();
    reports.into_iter().map(|report| shown(report.accept(tenant, Some(source), now))).collect()
}

/// The tenant and the source that every fixture belongs to: fixed, so that ids can be compared between runs.
pub fn owner() -> (TenantId, SourceId) {
    (TenantId::mint(Timestamp::UNIX_EPOCH, [1; 10]), SourceId::mint(Timestamp::UNIX_EPOCH, [1; 10]))
}

fn shown(event: Event) -> Shown {
    let facts = event.facts;
    let event_type = facts.event_type.as_str();
    Shown {
        r#type: event_type.strip_prefix("email.").unwrap_or(event_type).to_owned(),
        provider_event: facts.provider_event,
        recipient: facts.recipient.as_ref().map(Recipient::expose).map(str::to_owned),
        message_id: facts.email_message_id,
        timestamp: facts.occurred_at.to_string(),
        bounce_type: facts.bounce_type.map(BounceType::as_str),
        reject_reason: facts.reject_reason.map(RejectReason::as_str),
        url: facts.url,
        tags: facts.tags,
        metadata: facts.metadata,
        campaign: facts.campaign_id,
        event_id: facts.provider_event_id,
        id: event.id.to_string(),
        ip: facts.client.ip,
        user_agent: facts.client.user_agent,
        geo: place(facts.client.geo),
        diagnostic: facts.diagnostic,
        smtp_code: facts.smtp_code,
        enhanced_code: facts.enhanced_code,
    }
}

fn place(Geo { country, region, city }: Geo) -> Option<Place> {
    let known = country.is_some() || region.is_some() || city.is_some();
    known.then_some(Place { country, region, city })
}
