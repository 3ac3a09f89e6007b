//! Tests the dialects by what receivers do with a delivery: they parse it, write it again, and verify it.

#![cfg(test)]

mod bodies;
mod javascript;
mod places;
mod properties;
mod round_trip;
mod signatures;

use jiff::Timestamp;
use serde_json::{Value, json};
use shared::dialect::{Dialect, Envelope, Rendered};
use shared::event::{Event, EventType, Facts, Recipient, example};
use shared::id::{TenantId, WebhookId};
use shared::secret::SigningSecret;

/// A secret as users of other systems set it. The key of a hex signature is the bytes of the whole string.
const SECRET: &str = "whsec_your_secret_key_here";

/// The time at which the examples happened.
fn happened_at() -> Timestamp {
    "2026-01-02T03:04:05.678Z".parse().unwrap()
}

/// The time at which the examples are delivered. It is long after they happened, so that a test sees which of the two
/// times it gets.
fn attempted_at() -> Timestamp {
    "2026-01-03T00:00:00.123456789Z".parse().unwrap()
}

fn tenant() -> TenantId {
    TenantId::mint(Timestamp::UNIX_EPOCH, [1; 10])
}

fn webhook() -> WebhookId {
    WebhookId::mint(Timestamp::UNIX_EPOCH, [1; 10])
}

fn accepted(facts: Facts) -> Event {
    Event::accept(facts, tenant(), None, happened_at())
}

/// The catalogue's example of a type.
fn example_of(event_type: EventType) -> Event {
    accepted(example(event_type, "example-1", happened_at()))
}

fn rendered(dialect: Dialect, event: &Event) -> Rendered {
    rendered_at(dialect, event, attempted_at())
}

fn rendered_at(dialect: Dialect, event: &Event, at: Timestamp) -> Rendered {
    let secret = SigningSecret::parse(SECRET).unwrap();
    dialect.render(event, &Envelope { id: &event.id.to_string(), webhook: webhook(), at, secrets: &[&secret] })
}

/// Where a delivery has the dialect's own signature, besides the one of Standard Webhooks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OwnSignature {
    /// The dialect has none.
    Nowhere,
    /// In this header, after this text. It covers the exact bytes of the body.
    Header(&'static str, &'static str),
    /// In the body.
    Body,
}

fn own_signature(dialect: Dialect) -> OwnSignature {
    match dialect {
        Dialect::Standard | Dialect::Mailjet | Dialect::MailjetV2 => OwnSignature::Nowhere,
        Dialect::Platform => OwnSignature::Header("x-webhook-signature", ""),
        Dialect::Mailgreet => OwnSignature::Header("x-mailgreet-signature", "sha256="),
        Dialect::Mailtura => OwnSignature::Header("x-mailtura-signature", ""),
        Dialect::Mailgun | Dialect::MailgunLegacy => OwnSignature::Body,
    }
}

/// The dialects whose own signature is in a header, with the header's name and the text before the signature.
fn signed_in_headers() -> impl Iterator<Item = (Dialect, &'static str, &'static str)> {
    Dialect::ALL.iter().filter_map(|dialect| match own_signature(*dialect) {
        OwnSignature::Header(name, prefix) => Some((*dialect, name, prefix)),
        OwnSignature::Nowhere | OwnSignature::Body => None,
    })
}

fn is_json(rendered: &Rendered) -> bool {
    rendered.content_type == "application/json"
}

fn text(rendered: &Rendered) -> &str {
    std::str::from_utf8(&rendered.body).unwrap()
}

/// An event with everything in which writers of JSON differ: what they escape, how they write numbers, how they order
/// keys.
fn hostile(event_type: EventType) -> Event {
    let controls: String = (0..=0x9f_u8).map(char::from).collect();
    let odd = format!(
        "ü€ 日本 👩‍💻 </script> a/b \\/ \\u0041 \"'` \u{2028}\u{2029}\u{feff}\u{fffd}\u{fffe}\u{10ffff} {controls}"
    );
    let mut facts = example(event_type, &odd, happened_at());
    facts.recipient = Recipient::new(&odd);
    facts.sending_domain = Some(odd.clone());
    facts.subscriber_id = Some(odd.clone());
    facts.campaign_id = Some(odd.clone());
    facts.email_message_id = Some(odd.clone());
    facts.from = Some(odd.clone());
    facts.subject = Some(odd.clone());
    facts.list_id = Some(odd.clone());
    facts.tags = vec![odd.clone(), String::new()];
    facts.diagnostic = Some(odd.clone());
    facts.enhanced_code = Some("5.1.1".to_owned());
    facts.smtp_code = Some(550);
    facts.url = Some(odd.clone());
    facts.client.ip = Some(odd.clone());
    facts.client.user_agent = Some(odd.clone());
    facts.client.name = Some(odd.clone());
    facts.client.os = Some(odd.clone());
    facts.client.device = Some(odd.clone());
    facts.client.geo.country = Some(odd.clone());
    facts.client.geo.region = Some(odd.clone());
    facts.client.geo.city = Some(odd.clone());
    let numbers = r"[0,-0.0,-1,1.0,1.50,0.1,1e-7,1e-6,123e-20,5e-324,1e20,1e21,1.7976931348623157e308,
        9007199254740991,-9007199254740991,9007199254740992,123456789012345680000.0]";
    let Value::Object(metadata) = json!({
        "b": 1, "a": 2, "10": "ten", "9": "nine", "01": 0, "-1": 0, "4294967294": 0, "4294967295": 0, "": 0,
        "__proto__": {"2": 1, "1": 2}, "constructor": null, "toString": [[{"z": 1, "3": 2}]], (odd.clone()): odd,
        "numbers": serde_json::from_str::<Value>(numbers).unwrap(), "custom_id": odd,
        "event_payload": {"10": 1.0, "9": "ü\u{2028}"}, "first_name": odd, "last_name": odd, "source": odd, "reason": odd,
    }) else {
        panic!("an object")
    };
    facts.metadata = metadata;
    accepted(facts)
}

/// Every type that a delivery can have. Some types reach a dialect only because a webhook's dialect was changed later.
fn every_type() -> impl Iterator<Item = EventType> {
    EventType::ALL.iter().chain(EventType::OPERATIONAL).copied()
}
