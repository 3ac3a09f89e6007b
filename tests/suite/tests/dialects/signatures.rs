//! Each dialect's signature is verified by a library that is not ours. The code under test does not use that library.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use ring::hmac;
use serde_json::Value;
use shared::dialect::{Dialect, Envelope, Rendered};
use shared::event::EventType;
use shared::id::WebhookId;
use shared::secret::SigningSecret;

use super::{
    OwnSignature, SECRET, attempted_at, example_of, happened_at, own_signature, rendered, rendered_at,
    signed_in_headers, tenant, text, webhook,
};

fn verifies(message: &[u8], hex_mac: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    hex::decode(hex_mac).is_ok_and(|mac| hmac::verify(&key, message, &mac).is_ok())
}

fn header<'a>(rendered: &'a Rendered, name: &str) -> &'a str {
    rendered.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.as_str()).unwrap()
}

fn form(rendered: &Rendered) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(&rendered.body).into_owned().collect()
}

#[test]
fn headers_are_hex_of_the_exact_bytes_keyed_with_the_whole_secret() {
    let event = example_of(EventType::Bounced);
    for (dialect, name, prefix) in signed_in_headers() {
        let post = rendered(dialect, &event);
        let value = header(&post, name).strip_prefix(prefix).unwrap();
        assert!(verifies(&post.body, value) && value == value.to_lowercase(), "{}", dialect.as_str());
        assert!(!verifies(&[post.body.as_slice(), b" "].concat(), value));
    }
}

#[test]
fn every_other_post_has_the_standard_headers_alone() {
    let event = example_of(EventType::Bounced);
    let others = Dialect::ALL.iter().copied();
    for dialect in others.filter(|dialect| !matches!(own_signature(*dialect), OwnSignature::Header(..))) {
        let names: Vec<_> = rendered(dialect, &event).headers.into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["webhook-id", "webhook-timestamp", "webhook-signature"], "{}", dialect.as_str());
    }
}

#[test]
fn mailguns_is_in_the_body_over_timestamp_and_token() {
    let event = example_of(EventType::Bounced);
    let json: Value = serde_json::from_slice(&rendered(Dialect::Mailgun, &event).body).unwrap();
    let part = |name: &str| json["signature"][name].as_str().unwrap();
    assert!(verifies(format!("{}{}", part("timestamp"), part("token")).as_bytes(), part("signature")));
    assert_eq!(part("timestamp"), attempted_at().as_second().to_string());
    let form = form(&rendered(Dialect::MailgunLegacy, &event));
    assert!(verifies(format!("{}{}", form["timestamp"], form["token"]).as_bytes(), &form["signature"]));
    assert_eq!(form["timestamp"], happened_at().as_second().to_string());
}

/// Receivers remember tokens and accept each of them once. So a retry has the token of the first attempt, and every
/// other delivery has a token of its own.
#[test]
fn mailguns_token_is_of_one_delivery() {
    let (one, other) = (example_of(EventType::Bounced), example_of(EventType::Opened));
    let token = |event, at| {
        let json: Value = serde_json::from_slice(&rendered_at(Dialect::Mailgun, event, at).body).unwrap();
        json["signature"]["token"].as_str().unwrap().to_owned()
    };
    let (first, later) = (attempted_at(), attempted_at() + SignedDuration::from_mins(5));
    assert_eq!(token(&one, first), token(&one, later));
    let elsewhere = WebhookId::mint(happened_at(), [2; 10]);
    let secret = SigningSecret::parse(SECRET).unwrap();
    let envelope = Envelope { id: "evt_x", webhook: elsewhere, at: first, secrets: &[&secret] };
    let to_another: Value = serde_json::from_slice(&Dialect::Mailgun.render(&one, &envelope).body).unwrap();
    assert_ne!(to_another["signature"]["token"], token(&one, first));
    let again = shared::event::Event::accept(
        shared::event::example(EventType::Bounced, "another key", happened_at()),
        tenant(),
        None,
        happened_at(),
    );
    assert_ne!(token(&again, first), token(&one, first));
    assert_ne!(token(&other, first).len(), 0);
    let hex = token(&one, first).bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    assert!(hex && token(&one, first).len() == 50);
}

/// If a dialect has room for one signature, the current secret makes it. The Standard Webhooks header has room for the
/// signatures of all secrets.
#[test]
fn during_a_rotation_the_current_secret_makes_the_dialects_own_signature() {
    let event = example_of(EventType::Bounced);
    let [current, interim, previous] =
        [SECRET, "the one before", "the one before that"].map(|text| SigningSecret::parse(text).unwrap());
    let secrets = [&current, &interim, &previous];
    let envelope = Envelope { id: "evt_x", webhook: webhook(), at: attempted_at(), secrets: &secrets };
    for (dialect, name, prefix) in signed_in_headers() {
        let post = dialect.render(&event, &envelope);
        let value = header(&post, name).strip_prefix(prefix).unwrap();
        assert!(verifies(&post.body, value), "{}", dialect.as_str());
        assert_eq!(header(&post, "webhook-signature").split(' ').count(), 3);
    }
    let form = form(&Dialect::MailgunLegacy.render(&event, &envelope));
    assert!(verifies(format!("{}{}", form["timestamp"], form["token"]).as_bytes(), &form["signature"]));
}

/// Mailtura's receivers refuse a post that is older than five minutes. So the timestamp of a retry is the time of the
/// retry.
#[test]
fn mailturas_timestamp_is_the_attempts() {
    let event = example_of(EventType::Delivered);
    let body: Value = serde_json::from_str(text(&rendered(Dialect::Mailtura, &event))).unwrap();
    assert_eq!(body["timestamp"], "2026-01-03T00:00:00.123Z");
    assert_eq!(body["data"]["deliveredAt"], "2026-01-02T03:04:05.678Z");
}
