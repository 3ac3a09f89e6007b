//! Splits providers' bodies into events, and groups events into bodies as the provider does.

use domain::provider::Provider;
use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;
use url::form_urlencoded;

use crate::Fixture;

/// How a provider groups events into a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grouping {
    /// One event in a post. This includes SNS, whose one event may have several recipients, and the generic body, whose
    /// batches have a limit and errors of their own.
    Single,
    /// A JSON array of events. The only event of a post may stand there without the array.
    Array,
    /// A JSON array of events in Mandrill's form field.
    Form,
}

/// How the provider groups events into a post.
pub fn grouping(provider: Provider) -> Grouping {
    match provider {
        Provider::Mailjet | Provider::SendGrid | Provider::SparkPost | Provider::Brevo => Grouping::Array,
        Provider::Mandrill => Grouping::Form,
        Provider::Mailgun
        | Provider::Resend
        | Provider::Postmark
        | Provider::Ses
        | Provider::MailerSend
        | Provider::Generic
        | Provider::Own
        | Provider::Mailhooks => Grouping::Single,
    }
}

/// Whether the provider sends several events in one post.
pub fn batches(provider: Provider) -> bool {
    grouping(provider) != Grouping::Single
}

/// The providers that send several events in one post.
pub fn batching() -> impl Iterator<Item = Provider> {
    Provider::of_sources().filter(|provider| batches(*provider))
}

/// Mandrill's form field.
const MANDRILL_EVENTS: &str = "mandrill_events";

/// The single events of a fixture's body; none if the body is not JSON.
pub fn events_of(fixture: &Fixture) -> Vec<Value> {
    let json = match grouping(fixture.provider) {
        Grouping::Form => {
            let mut fields = form_urlencoded::parse(&fixture.body);
            fields.find(|(name, _)| name == MANDRILL_EVENTS).and_then(|(_, json)| serde_json::from_str(&json).ok())
        }
        Grouping::Single | Grouping::Array => serde_json::from_slice(&fixture.body).ok(),
    };
    match json {
        Some(Value::Array(events)) => events,
        Some(event) => vec![event],
        None => Vec::new(),
    }
}

/// A body of `provider` with these events, grouped as the provider groups them, and its content type.
pub fn batch(provider: Provider, events: &[Value]) -> (HeaderMap, Vec<u8>) {
    batch_of_text(provider, &Value::from(events).to_string())
}

/// A body of `provider` with the events of a JSON array, and its content type.
pub fn batch_of_text(provider: Provider, array: &str) -> (HeaderMap, Vec<u8>) {
    let (kind, body) = match grouping(provider) {
        Grouping::Form => {
            let form = form_urlencoded::Serializer::new(String::new()).append_pair(MANDRILL_EVENTS, array).finish();
            ("application/x-www-form-urlencoded", form)
        }
        Grouping::Single | Grouping::Array => ("application/json", array.to_owned()),
    };
    (HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]), body.into_bytes())
}
