//! The providers, by their fixtures and by everything that nobody ever sent: what comes in means what it should, proves
//! what it must, and costs what it may.

#![cfg(test)]

mod admission;
mod authenticity;
mod edges;
mod fixtures;
mod ids;
mod properties;
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

/// Every provider that a source can be of.
fn providers() -> impl Iterator<Item = Provider> {
    Provider::ALL.iter().copied().filter(|provider| provider.proof().is_some())
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

/// Takes a post in at a source that asks for no signature.
fn unsigned(provider: Provider, headers: &HeaderMap, body: &[u8]) -> Result<Received, InboundPostError> {
    receive(provider, &Trust::unsigned(), &InboundPost::new(headers, body), now())
}

/// One event of `provider`, as JSON: a click, or an open where it has no click with every field.
fn click(provider: Provider) -> Value {
    let id = match provider {
        Provider::Mailgun => "mailgun/opened",
        Provider::Mailjet => "mailjet/click",
        Provider::SendGrid => "sendgrid/click",
        Provider::Resend => "resend/clicked",
        Provider::Postmark => "postmark/click",
        Provider::Ses => "ses/event_click",
        Provider::SparkPost => "sparkpost/click_open",
        Provider::Brevo => "brevo/click",
        Provider::Mandrill => "mandrill/click",
        Provider::MailerSend => "mailersend/v1_clicked",
        Provider::Generic => {
            return json!({
                "type": "email.clicked", "email_id": "1", "recipient": "recipient@example.com", "url": "https://example.com",
                "timestamp": "2026-01-01T00:00:00Z", "metadata": {"n": 1}, "tags": ["tag"],
            });
        }
        Provider::Own | Provider::Mailhooks => panic!("no source can be of it"),
    };
    let mut event = events_of(&fixture(id)).swap_remove(0);
    match provider {
        Provider::Mailgun => event["event-data"].take(),
        Provider::Ses => serde_json::from_str(event["Message"].as_str().unwrap()).unwrap(),
        _ => event,
    }
}

/// A post of `provider` that reports one event, given as the text of its JSON.
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
        _ => (content_type(JSON), event.into()),
    }
}

fn ids(received: Received) -> Vec<EventId> {
    let (tenant, source) = owner();
    received.reports.into_iter().map(|report| report.accept(tenant, Some(source), now()).id).collect()
}
