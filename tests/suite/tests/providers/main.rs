//! Tests of the providers, with their fixtures and with made-up input that nobody ever sent. An accepted post means
//! what it should, proves what it must, and stays within its limits of time and memory.

#![cfg(test)]

mod admission;
mod authenticity;
mod edges;
mod fixtures;
mod ids;
mod made_up;
mod places;
mod properties;
mod sendable;
mod ses;
mod sizes;
mod stored;

use conformance::batches::events_of;
use conformance::normalised::owner;
use conformance::{Fixture, own_fixtures};
use http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use serde_json::{Value, json};
use shared::id::EventId;
use shared::provider::{InboundPost, InboundPostError, Provider, Received, receive};
use shared::source::Trust;
use support::signers::sns;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// The providers that a source can have.
fn providers() -> impl Iterator<Item = Provider> {
    Provider::of_sources()
}

fn fixture(id: &str) -> Fixture {
    own_fixtures().into_iter().find(|fixture| fixture.id == id).unwrap_or_else(|| panic!("no fixture {id}"))
}

/// The fixtures that give events.
fn fixtures_with_events() -> impl Iterator<Item = Fixture> {
    own_fixtures().into_iter().filter(|fixture| fixture.entry["outcome"] == "events")
}

/// The fixtures of posts whose signatures are good.
fn signed_fixtures() -> impl Iterator<Item = Fixture> {
    own_fixtures().into_iter().filter(|fixture| fixture.entry["auth"]["valid"] == true)
}

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}

fn content_type(value: &str) -> HeaderMap {
    HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_str(value).unwrap())])
}

fn is_of(headers: &HeaderMap, media_type: &str) -> bool {
    headers[header::CONTENT_TYPE].as_bytes().starts_with(media_type.as_bytes())
}

/// Reads a post for a source that asks for no signature.
fn unsigned(provider: Provider, headers: &HeaderMap, body: &[u8]) -> Result<Received, InboundPostError> {
    receive(provider, &Trust::unsigned(), &InboundPost::new(headers, body), now())
}

/// One event of `provider`, as JSON: a click. If the provider's clicks lack some fields, it is an open.
fn click(provider: Provider) -> Value {
    let first = |id| events_of(&fixture(id)).swap_remove(0);
    match provider {
        Provider::Mailgun => first("mailgun/opened")["event-data"].take(),
        Provider::Mailjet => first("mailjet/click"),
        Provider::SendGrid => first("sendgrid/click"),
        Provider::Resend => first("resend/clicked"),
        Provider::Postmark => first("postmark/click"),
        Provider::Ses => serde_json::from_str(first("ses/event_click")["Message"].as_str().unwrap()).unwrap(),
        Provider::SparkPost => first("sparkpost/click_open"),
        Provider::Brevo => first("brevo/click"),
        Provider::Mandrill => first("mandrill/click"),
        Provider::MailerSend => first("mailersend/v1_clicked"),
        Provider::Generic => json!({
            "type": "email.clicked", "email_id": "1", "recipient": "recipient@example.com", "url": "https://example.com",
            "timestamp": "2026-01-01T00:00:00Z", "metadata": {"n": 1}, "tags": ["tag"],
        }),
        Provider::Own | Provider::Mailhooks => panic!("no source has this provider"),
    }
}

/// A post of `provider` with one event, given as JSON text.
fn post_of(provider: Provider, event: &str) -> (HeaderMap, Vec<u8>) {
    match provider {
        Provider::Mailgun => {
            let signature = r#"{"timestamp":"1767323045","token":"0123456789abcdef","signature":"0"}"#;
            (content_type(JSON), format!(r#"{{"signature":{signature},"event-data":{event}}}"#).into_bytes())
        }
        Provider::Resend => {
            let mut headers = content_type(JSON);
            headers.insert("svix-id", HeaderValue::from_static("msg_2W9uKyXF0a1bC2dE3fG4hJ5kL6m"));
            (headers, event.into())
        }
        Provider::Ses => {
            let envelope = json!({
                "Type": "Notification", "MessageId": "69ba9823-d7f2-53c1-860e-cb10e0d13dfc", "TopicArn": sns::TOPIC,
                "Message": event, "Timestamp": "2026-01-02T03:04:05.678Z",
            });
            (content_type("text/plain; charset=UTF-8"), envelope.to_string().into_bytes())
        }
        Provider::Mandrill => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            let body = form.append_pair("mandrill_events", &format!("[{event}]")).finish();
            (content_type(FORM), body.into_bytes())
        }
        Provider::Mailjet
        | Provider::SendGrid
        | Provider::Postmark
        | Provider::SparkPost
        | Provider::Brevo
        | Provider::MailerSend
        | Provider::Generic => (content_type(JSON), event.into()),
        Provider::Own | Provider::Mailhooks => panic!("no source has this provider"),
    }
}

fn ids(received: Received) -> Vec<EventId> {
    let (tenant, source) = owner();
    received.reports.into_iter().map(|report| report.accept(tenant, Some(source), now()).id).collect()
}
