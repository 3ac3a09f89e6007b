//! Splits providers' bodies into events, and groups events into bodies as the provider does.

use domain::provider::Provider;
use http::{HeaderMap, HeaderValue, header};
use serde_json::Value;
use url::form_urlencoded;

use crate::Fixture;

/// The providers that send several events in one post.
pub const BATCHING: [Provider; 5] =
    [Provider::Mailjet, Provider::SendGrid, Provider::SparkPost, Provider::Brevo, Provider::Mandrill];

/// Mandrill's form field.
const MANDRILL_EVENTS: &str = "mandrill_events";

/// The single events of a fixture's body; none if the body is not JSON.
pub fn events_of(fixture: &Fixture) -> Vec<Value> {
    let json = if fixture.provider == Provider::Mandrill {
        let mut fields = form_urlencoded::parse(&fixture.body);
        fields.find(|(name, _)| name == MANDRILL_EVENTS).and_then(|(_, json)| serde_json::from_str(&json).ok())
    } else {
        serde_json::from_slice(&fixture.body).ok()
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
    let (kind, body) = if provider == Provider::Mandrill {
        let form = form_urlencoded::Serializer::new(String::new()).append_pair(MANDRILL_EVENTS, array).finish();
        ("application/x-www-form-urlencoded", form)
    } else {
        ("application/json", array.to_owned())
    };
    (HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]), body.into_bytes())
}
