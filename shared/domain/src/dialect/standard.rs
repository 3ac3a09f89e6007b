//! The default dialect: `{"type", "timestamp", "data"}` as Standard Webhooks proposes. An absent field is left out,
//! never null.

use serde::Serialize;

use super::json::{Fields, written};
use crate::event::{About, Client, Event, Facts, GivenUp};

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    event_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subscriber_id: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Fields<'a>>,
    source: Source<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bounce: Option<Bounce<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reject: Option<Reject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    click: Option<Click<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<WireClient<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<WireWebhook<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<WireDelivery>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    test: bool,
}

#[derive(Serialize)]
struct Source<'a> {
    provider: &'a str,
    provider_event: &'a str,
    provider_event_id: &'a str,
}

#[derive(Serialize)]
struct Bounce<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smtp_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enhanced_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    diagnostic: Option<&'a str>,
}

#[derive(Serialize)]
struct Reject<'a> {
    reason: &'a str,
}

#[derive(Serialize)]
struct Click<'a> {
    url: &'a str,
}

#[derive(Serialize)]
struct WireClient<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    ip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    geo: Option<WireGeo<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    machine: Option<bool>,
}

#[derive(Serialize)]
struct WireGeo<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
}

/// The webhook that an operational event is about.
#[derive(Serialize)]
struct WireWebhook<'a> {
    id: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
}

#[derive(Serialize)]
struct WireDelivery {
    event_id: String,
    event_type: &'static str,
    reason: &'static str,
    attempts: u32,
}

/// The body of one event.
pub(super) fn body(event: &Event) -> Vec<u8> {
    let facts = &event.facts;
    let body = Body {
        r#type: facts.event_type.as_str(),
        timestamp: facts.occurred_at.to_string(),
        data: Data {
            event_id: event.id.to_string(),
            message_id: facts.email_message_id.as_deref(),
            recipient: facts.recipient.as_ref().map(crate::event::Recipient::expose),
            subject: facts.subject.as_deref(),
            campaign_id: facts.campaign_id.as_deref(),
            subscriber_id: facts.subscriber_id.as_deref(),
            tags: &facts.tags,
            metadata: (!facts.metadata.is_empty()).then_some(Fields(&facts.metadata)),
            source: Source {
                provider: facts.provider.as_str(),
                provider_event: &facts.provider_event,
                provider_event_id: &facts.provider_event_id,
            },
            bounce: bounce(facts),
            reject: facts.reject_reason.map(|reason| Reject { reason: reason.as_str() }),
            click: facts.url.as_deref().map(|url| Click { url }),
            client: client(&facts.client),
            webhook: facts.about.as_ref().map(webhook),
            delivery: facts.about.as_ref().and_then(|about| about.what.given_up()).map(delivery),
            test: event.test,
        },
    };
    written(&body)
}

fn bounce(facts: &Facts) -> Option<Bounce<'_>> {
    let known = facts.bounce_type.is_some()
        || facts.smtp_code.is_some()
        || facts.enhanced_code.is_some()
        || facts.diagnostic.is_some();
    known.then(|| Bounce {
        r#type: facts.bounce_type.map(crate::event::BounceType::as_str),
        smtp_code: facts.smtp_code,
        enhanced_code: facts.enhanced_code.as_deref(),
        diagnostic: facts.diagnostic.as_deref(),
    })
}

fn client(client: &Client) -> Option<WireClient<'_>> {
    let geo = &client.geo;
    let place = WireGeo { country: geo.country.as_deref(), region: geo.region.as_deref(), city: geo.city.as_deref() };
    let wire = WireClient {
        ip: client.ip.as_deref(),
        user_agent: client.user_agent.as_deref(),
        geo: (*geo != crate::event::Geo::default()).then_some(place),
        machine: client.machine,
    };
    (*client != Client::default()).then_some(wire)
}

fn webhook(about: &About) -> WireWebhook<'_> {
    WireWebhook {
        id: about.webhook.to_string(),
        description: &about.description,
        reason: about.what.reason(),
        since: about.what.since().map(|since| since.to_string()),
    }
}

fn delivery(given_up: &GivenUp) -> WireDelivery {
    WireDelivery {
        event_id: given_up.event.to_string(),
        event_type: given_up.event_type.as_str(),
        reason: given_up.reason.as_str(),
        attempts: given_up.attempts,
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::event::Provider;
    use crate::event::{BounceType, EventType, Recipient};
    use crate::id::TenantId;

    #[test]
    fn says_what_is_known_and_nothing_else() {
        let at: Timestamp = "2026-01-02T03:04:05.678Z".parse().unwrap();
        let mut facts = Facts::new(EventType::Bounced, Provider::Mailgun, "failed", "key-1", at);
        facts.recipient = Recipient::new("a@example.com");
        facts.bounce_type = Some(BounceType::Hard);
        facts.smtp_code = Some(550);
        let tenant = TenantId::mint(at, [1; 10]);
        let event = Event::accept(facts, tenant, None, at);
        let text = String::from_utf8(body(&event)).unwrap().replace(&event.id.to_string(), "evt_X");
        insta::assert_snapshot!(text, @r#"{"type":"email.bounced","timestamp":"2026-01-02T03:04:05.678Z","data":{"event_id":"evt_X","recipient":"a@example.com","source":{"provider":"mailgun","provider_event":"failed","provider_event_id":"key-1"},"bounce":{"type":"hard","smtp_code":550}}}"#);
    }

    #[test]
    fn operational_events_say_which_webhook_and_which_delivery() {
        let at: Timestamp = "2026-01-07T00:00:00Z".parse().unwrap();
        let said = |event_type| {
            let facts = crate::event::example(event_type, "key-1", at);
            let event = Event::accept(facts, TenantId::mint(at, [1; 10]), None, at);
            let body: serde_json::Value = serde_json::from_slice(&body(&event)).unwrap();
            let mut data = body["data"].clone();
            data.as_object_mut().unwrap().remove("event_id");
            format!("{} {data}", body["type"])
        };
        let all: Vec<_> = EventType::OPERATIONAL.iter().map(|event_type| said(*event_type)).collect();
        insta::assert_snapshot!(all.join("\n"), @r#"
        "webhook.opened" {"source":{"provider":"mailhooks","provider_event":"webhook.opened","provider_event_id":"key-1"},"webhook":{"description":"Orders","id":"wh_00000000000000000000000000","since":"2026-01-02T00:00:00Z"}}
        "webhook.closed" {"source":{"provider":"mailhooks","provider_event":"webhook.closed","provider_event_id":"key-1"},"webhook":{"description":"Orders","id":"wh_00000000000000000000000000","reason":"recovered","since":"2026-01-02T00:00:00Z"}}
        "webhook.disabled" {"source":{"provider":"mailhooks","provider_event":"webhook.disabled","provider_event_id":"key-1"},"webhook":{"description":"Orders","id":"wh_00000000000000000000000000","reason":"failing","since":"2026-01-02T00:00:00Z"}}
        "webhook.enabled" {"source":{"provider":"mailhooks","provider_event":"webhook.enabled","provider_event_id":"key-1"},"webhook":{"description":"Orders","id":"wh_00000000000000000000000000"}}
        "webhook.pending" {"source":{"provider":"mailhooks","provider_event":"webhook.pending","provider_event_id":"key-1"},"webhook":{"description":"Orders","id":"wh_00000000000000000000000000"}}
        "webhook.verified" {"source":{"provider":"mailhooks","provider_event":"webhook.verified","provider_event_id":"key-1"},"webhook":{"description":"Orders","id":"wh_00000000000000000000000000","since":"2026-01-02T00:00:00Z"}}
        "delivery.dead" {"delivery":{"attempts":10,"event_id":"evt_01KDY021000000000000000000","event_type":"email.bounced","reason":"attempts_exhausted"},"source":{"provider":"mailhooks","provider_event":"delivery.dead","provider_event_id":"key-1"},"webhook":{"description":"Orders","id":"wh_00000000000000000000000000"}}
        "#);
    }

    #[test]
    fn numbers_of_the_sender_leave_as_they_came() {
        let at: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let mut facts = Facts::new(EventType::Sent, Provider::Own, "email.sent", "key-1", at);
        // The first number changes its last digits when a parser is careless, the last one when it is read as a double.
        let numbers = "[1.2345678901234568e-300,51.2481783755054,9007199254740993]";
        facts.metadata.insert("n".to_owned(), serde_json::from_str(numbers).unwrap());
        let event = Event::accept(facts, TenantId::mint(at, [1; 10]), None, at);
        let text = String::from_utf8(body(&event)).unwrap();
        assert!(text.contains(numbers), "{text}");
    }
}
