//! Mailgun's events: `{"signature", "event-data"}`, with the signature inside the body.
//! <https://documentation.mailgun.com/docs/mailgun/user-manual/events/events>

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::json::{Fields, written};
use crate::challenge::Challenge;
use crate::event::{Client, Event, Facts, Geo, Provider, Recipient};
use crate::id::{EventId, WebhookId};
use crate::secret::SigningSecret;
use crate::signature;

mod names;
mod failure;

use failure::{Failure, REJECTED};
pub(super) use names::names;

/// The proof that a body is ours. Both forms have these three fields; `mac` is Mailgun's `signature`.
#[derive(Serialize)]
pub(super) struct Signature {
    pub(super) timestamp: String,
    pub(super) token: String,
    #[serde(rename = "signature")]
    pub(super) mac: String,
}

impl Signature {
    /// Signs `timestamp` and the token of this delivery.
    pub(super) fn of(event: EventId, webhook: WebhookId, secret: Option<&SigningSecret>, timestamp: Timestamp) -> Self {
        Self::signing(token(webhook, event), secret, timestamp)
    }

    fn signing(token: String, secret: Option<&SigningSecret>, timestamp: Timestamp) -> Self {
        let timestamp = timestamp.as_second().to_string();
        let parts = [timestamp.as_bytes(), token.as_bytes()];
        let mac = secret.map(|secret| signature::hex_of_parts(secret, &parts)).unwrap_or_default();
        Self { timestamp, token, mac }
    }
}

/// Signs a challenge with the id `id`. Its token belongs to this challenge alone.
pub(super) fn challenge_signature(
    id: &str,
    webhook: WebhookId,
    secret: Option<&SigningSecret>,
    at: Timestamp,
) -> Signature {
    let mut hash = Sha256::new();
    hash.update(b"mailhooks mailgun challenge 1");
    hash.update(webhook.to_string());
    hash.update(id);
    Signature::signing(hex::encode(&hash.finalize()[..25]), secret, at)
}

#[derive(Serialize)]
struct ChallengeBody<'a> {
    signature: Signature,
    r#type: &'static str,
    challenge: &'a str,
}

/// The body of a challenge.
pub(super) fn challenge(challenge: &Challenge, signature: Signature) -> Vec<u8> {
    written(&ChallengeBody { signature, r#type: Challenge::TYPE, challenge: challenge.text() })
}

/// 50 hex characters that belong to this delivery alone and are the same in each of its attempts. Receivers remember
/// tokens, so that they accept no delivery twice.
fn token(webhook: WebhookId, event: EventId) -> String {
    let mut hash = Sha256::new();
    hash.update(b"mailhooks mailgun token 1");
    // Both ids have a fixed length, so no separator is needed.
    hash.update(webhook.to_string());
    hash.update(event.to_string());
    hex::encode(&hash.finalize()[..25])
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Body<'a> {
    signature: Signature,
    event_data: EventData<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct EventData<'a> {
    event: &'a str,
    id: String,
    timestamp: f64,
    log_level: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_domain: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<Domain<'a>>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    campaigns: Vec<Campaign<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_variables: Option<Fields<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Message<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_status: Option<DeliveryStatus<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject: Option<Reject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    geolocation: Option<Geolocation<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_info: Option<ClientInfo<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    flags: Option<Flags>,
}

#[derive(Serialize)]
struct Domain<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Campaign<'a> {
    id: &'a str,
}

#[derive(Serialize)]
struct Message<'a> {
    headers: MessageHeaders<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct MessageHeaders<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct DeliveryStatus<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enhanced_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt_no: Option<u32>,
}

#[derive(Serialize)]
struct Reject<'a> {
    reason: &'a str,
}

#[derive(Serialize)]
struct Geolocation<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ClientInfo<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    client_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_os: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device_type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Flags {
    is_test_mode: bool,
}

/// The body of one event, signed as of `at`.
pub(super) fn body(event: &Event, webhook: WebhookId, secret: Option<&SigningSecret>, at: Timestamp) -> Vec<u8> {
    written(&Body { signature: Signature::of(event.id, webhook, secret, at), event_data: event_data(event) })
}

fn event_data(event: &Event) -> EventData<'_> {
    let facts = &event.facts;
    let failure = Failure::of(facts);
    let recipient = facts.recipient.as_ref().map(Recipient::expose);
    let diagnostic = facts.diagnostic.as_deref();
    EventData {
        event: failure.event,
        // For events from Mailgun, the id is Mailgun's own. So receivers that also get events from Mailgun directly can
        // see that both are the same event.
        id: if facts.provider == Provider::Mailgun { facts.provider_event_id.clone() } else { event.id.to_string() },
        timestamp: float_seconds(facts.occurred_at),
        log_level: failure.log_level,
        severity: failure.severity,
        reason: failure.reason,
        recipient,
        recipient_domain: recipient.and_then(|address| address.rsplit_once('@')).map(|(_, domain)| domain),
        domain: facts.sending_domain.as_deref().map(|name| Domain { name }),
        tags: &facts.tags,
        campaigns: facts.campaign_id.as_deref().map(|id| Campaign { id }).into_iter().collect(),
        user_variables: known(&facts.metadata),
        message: message(facts),
        delivery_status: delivery_status(facts),
        reject: diagnostic.filter(|_| failure.event == REJECTED).map(|reason| Reject { reason }),
        url: facts.url.as_deref(),
        ip: facts.client.ip.as_deref(),
        geolocation: geolocation(&facts.client.geo),
        client_info: client_info(&facts.client),
        flags: event.test.then_some(Flags { is_test_mode: true }),
    }
}

/// Seconds with microseconds, as Mailgun writes them. Until the year 2106 a double holds them exactly enough to keep
/// their digits.
#[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 are below 2^53")]
fn float_seconds(at: Timestamp) -> f64 {
    at.as_microsecond() as f64 / 1e6
}

fn known(metadata: &Map<String, Value>) -> Option<Fields<'_>> {
    (!metadata.is_empty()).then_some(Fields(metadata))
}

fn message(facts: &Facts) -> Option<Message<'_>> {
    let headers = MessageHeaders {
        message_id: facts.email_message_id.as_deref(),
        to: facts.recipient.as_ref().map(Recipient::expose),
        from: facts.from.as_deref(),
        subject: facts.subject.as_deref(),
    };
    let known = [headers.message_id, headers.to, headers.from, headers.subject].iter().any(Option::is_some);
    known.then_some(Message { headers })
}

fn delivery_status(facts: &Facts) -> Option<DeliveryStatus<'_>> {
    let status = DeliveryStatus {
        code: facts.smtp_code,
        enhanced_code: facts.enhanced_code.as_deref(),
        message: facts.diagnostic.as_deref(),
        attempt_no: facts.attempt,
    };
    let texts = [status.enhanced_code, status.message];
    (status.code.is_some() || status.attempt_no.is_some() || texts.iter().any(Option::is_some)).then_some(status)
}

fn client_info(client: &Client) -> Option<ClientInfo<'_>> {
    let info = ClientInfo {
        client_name: client.name.as_deref(),
        client_os: client.os.as_deref(),
        device_type: client.device.as_deref(),
        user_agent: client.user_agent.as_deref(),
    };
    let known = [info.client_name, info.client_os, info.device_type, info.user_agent].iter().any(Option::is_some);
    known.then_some(info)
}

fn geolocation(geo: &Geo) -> Option<Geolocation<'_>> {
    let place =
        Geolocation { country: geo.country.as_deref(), region: geo.region.as_deref(), city: geo.city.as_deref() };
    (*geo != Geo::default()).then_some(place)
}
