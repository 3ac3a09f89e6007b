//! The result of a fixture, in the words of the index: one JSON line for each fixture.

use domain::event::{BounceType, Event, EventType, Geo, Recipient, RejectReason};
use domain::id::{SourceId, TenantId};
use domain::problem::Problem;
use domain::provider::{InboundPostError, MAX_PROVIDER_BODY, Received, Report};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::Fixture;

/// The outcome of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The post gave events.
    Events,
    /// The post was accepted and gives no events.
    NoEvents,
    /// The post was accepted and starts SNS's handshake.
    SnsConfirm,
    /// The post was accepted, and its unreadable body is kept.
    Unparsed,
    /// The post is not authentic.
    AuthRejected,
    /// The post is refused for another reason.
    Refused,
}

impl Outcome {
    /// The outcome of a post that `ingest` accepted or refused.
    pub fn of(received: &Result<Received, InboundPostError>) -> Self {
        match received {
            Err(InboundPostError::VerificationError(_)) => Self::AuthRejected,
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

/// The line of one fixture.
#[derive(Debug, Serialize)]
pub struct Line {
    id: String,
    outcome: Outcome,
    /// The HTTP status that `ingest` answers.
    status: u16,
    events: Vec<Shown>,
}

/// One event of the fixture. Every member is always present; unknown values are null.
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

/// Takes `fixture` through verification and normalisation, and returns its line.
pub fn line(fixture: &Fixture) -> Line {
    // `ingest` checks this before it looks for the source.
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

/// The events of a post, in the form of the line.
pub fn events(reports: Vec<Report>, now: Timestamp) -> Vec<Shown> {
    let (tenant, source) = owner();
    reports.into_iter().map(|report| shown(report.accept(tenant, Some(source), now))).collect()
}

/// The tenant and the source of every fixture. They are fixed, so that ids can be compared between runs.
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
