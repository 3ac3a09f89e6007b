//! An event as answers show it, in the words of the standard dialect. A fact that is not known is left out; it is never
//! null.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use shared::event::{About, BounceType, Client, Event, Facts, Geo, GivenUp, Raw, Recipient, RejectReason};

#[derive(Debug, Serialize)]
pub(super) struct EventView<'a> {
    id: String,
    r#type: &'static str,
    timestamp: String,
    accepted_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_id: Option<String>,
    provider: &'static str,
    provider_event: &'a str,
    provider_event_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sending_domain: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    list_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscriber_id: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "Map::is_empty")]
    metadata: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bounce: Option<BounceView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject: Option<RejectView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    click: Option<ClickView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<ClientView<'a>>,
    /// The webhook that an operational event is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<AboutWebhookView<'a>>,
    /// The delivery that a `delivery.dead` is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<AboutDeliveryView>,
    /// What the provider sent, unchanged: as JSON if it is JSON, else as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<Box<RawValue>>,
    /// What the provider sent, if it is not text.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_base64: Option<String>,
    /// How many bytes the provider sent, if not all of them are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_bytes: Option<usize>,
    /// What the provider sent was too large, and nothing of it is kept.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    raw_dropped: bool,
}

#[derive(Debug, Serialize)]
struct BounceView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smtp_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enhanced_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnostic: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
}

#[derive(Debug, Serialize)]
struct RejectView {
    reason: &'static str,
}

#[derive(Debug, Serialize)]
struct ClickView<'a> {
    url: &'a str,
}

#[derive(Debug, Serialize)]
struct ClientView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    os: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    geo: Option<GeoView<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<bool>,
}

#[derive(Debug, Serialize)]
struct GeoView<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct AboutWebhookView<'a> {
    id: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
}

#[derive(Debug, Serialize)]
struct AboutDeliveryView {
    event_id: String,
    event_type: &'static str,
    reason: &'static str,
    attempts: u32,
}

impl<'a> EventView<'a> {
    /// For lists: without what the provider sent, which can have 256 KiB.
    pub(super) fn brief(event: &'a Event) -> Self {
        let facts = &event.facts;
        Self {
            id: event.id.to_string(),
            r#type: facts.event_type.as_str(),
            timestamp: facts.occurred_at.to_string(),
            accepted_at: event.accepted_at.to_string(),
            source_id: event.source.map(|source| source.to_string()),
            provider: facts.provider.as_str(),
            provider_event: &facts.provider_event,
            provider_event_id: &facts.provider_event_id,
            recipient: facts.recipient.as_ref().map(Recipient::expose),
            message_id: facts.email_message_id.as_deref(),
            sending_domain: facts.sending_domain.as_deref(),
            from: facts.from.as_deref(),
            subject: facts.subject.as_deref(),
            campaign_id: facts.campaign_id.as_deref(),
            list_id: facts.list_id.as_deref(),
            subscriber_id: facts.subscriber_id.as_deref(),
            tags: &facts.tags,
            metadata: &facts.metadata,
            bounce: bounce(facts),
            reject: facts.reject_reason.map(|reason: RejectReason| RejectView { reason: reason.as_str() }),
            click: facts.url.as_deref().map(|url| ClickView { url }),
            client: client(&facts.client),
            webhook: facts.about.as_ref().map(webhook),
            delivery: facts.about.as_ref().and_then(|about| about.what.given_up()).map(delivery),
            raw: None,
            raw_base64: None,
            raw_bytes: None,
            raw_dropped: false,
        }
    }

    /// For the answer about this one event, with what the provider sent.
    pub(super) fn whole(event: &'a Event) -> Self {
        let brief = Self::brief(event);
        match &event.facts.raw {
            None => brief,
            Some(Raw::Whole(object)) => Self { raw: json_or_text(object), ..brief },
            Some(Raw::Dropped { bytes }) => Self { raw_bytes: Some(*bytes), raw_dropped: true, ..brief },
            Some(Raw::Body { kept, bytes }) => {
                let brief = Self { raw_bytes: (kept.len() < *bytes).then_some(*bytes), ..brief };
                match std::str::from_utf8(kept) {
                    Ok(text) => Self { raw: json_or_text(text), ..brief },
                    Err(_) => Self { raw_base64: Some(BASE64_STANDARD.encode(kept)), ..brief },
                }
            }
        }
    }
}

fn json_or_text(received: &str) -> Option<Box<RawValue>> {
    let as_text = || serde_json::value::to_raw_value(received);
    RawValue::from_string(received.to_owned()).or_else(|_| as_text()).ok()
}

fn bounce(facts: &Facts) -> Option<BounceView<'_>> {
    let known = facts.bounce_type.is_some()
        || facts.smtp_code.is_some()
        || facts.enhanced_code.is_some()
        || facts.diagnostic.is_some()
        || facts.attempt.is_some();
    known.then(|| BounceView {
        r#type: facts.bounce_type.map(BounceType::as_str),
        smtp_code: facts.smtp_code,
        enhanced_code: facts.enhanced_code.as_deref(),
        diagnostic: facts.diagnostic.as_deref(),
        attempt: facts.attempt,
    })
}

fn client(client: &Client) -> Option<ClientView<'_>> {
    let geo = &client.geo;
    let place = GeoView { country: geo.country.as_deref(), region: geo.region.as_deref(), city: geo.city.as_deref() };
    let shown = ClientView {
        ip: client.ip.as_deref(),
        user_agent: client.user_agent.as_deref(),
        name: client.name.as_deref(),
        os: client.os.as_deref(),
        device: client.device.as_deref(),
        geo: (*geo != Geo::default()).then_some(place),
        machine: client.machine,
    };
    (*client != Client::default()).then_some(shown)
}

fn webhook(about: &About) -> AboutWebhookView<'_> {
    AboutWebhookView {
        id: about.webhook.to_string(),
        description: &about.description,
        reason: about.what.reason(),
        since: about.what.since().map(|since| since.to_string()),
    }
}

fn delivery(given_up: &GivenUp) -> AboutDeliveryView {
    AboutDeliveryView {
        event_id: given_up.event.to_string(),
        event_type: given_up.event_type.as_str(),
        reason: given_up.reason.as_str(),
        attempts: given_up.attempts,
    }
}
