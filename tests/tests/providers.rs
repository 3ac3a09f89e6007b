//! Every fixture means what its entry in the index says, and nothing that arrives makes a provider panic.

#![cfg(test)]

use std::path::{Path, PathBuf};

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;
use shared::event::{BounceType, Facts, Raw, Recipient, RejectReason};
use shared::id::{SourceId, TenantId};
use shared::provider::{Post, Provider, Refusal, Report, Unauthentic, parse_public_key, receive};
use shared::secret::VerificationSecret;
use shared::source::{Trust, Verification};

struct Fixture {
    provider: Provider,
    verification: Verification,
    headers: HeaderMap,
    body: Vec<u8>,
    now: Timestamp,
    index: Value,
}

impl Fixture {
    fn receive(&self) -> Result<Vec<Report>, Refusal> {
        self.receive_body(&self.body)
    }

    fn receive_body(&self, body: &[u8]) -> Result<Vec<Report>, Refusal> {
        receive(self.provider, &trust(&self.verification), &Post::new(&self.headers, body), self.now)
            .map(|received| received.reports)
    }

    fn name(&self) -> &str {
        self.index["id"].as_str().unwrap()
    }
}

fn trust(verification: &Verification) -> Trust {
    Trust::verified_by(verification.clone())
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

fn fixtures() -> Vec<Fixture> {
    let index: Value = serde_json::from_slice(&std::fs::read(folder().join("index.json")).unwrap()).unwrap();
    let entries = index["fixtures"].as_array().unwrap().clone();
    assert!(!entries.is_empty());
    entries.into_iter().map(fixture).collect()
}

fn fixture(index: Value) -> Fixture {
    let auth = &index["auth"];
    let verification = match auth["scheme"].as_str().unwrap() {
        "none" => Verification::Unsigned,
        "mailgun-hmac-sha256" => {
            Verification::SigningKey(VerificationSecret::parse(auth["key"].as_str().unwrap()).unwrap())
        }
        "sendgrid-ecdsa-p256" => {
            Verification::PublicKey(parse_public_key(auth["public_key"].as_str().unwrap()).unwrap())
        }
        other => panic!("a scheme without a provider: {other}"),
    };
    let headers = index["headers"].as_object().unwrap().iter().map(|(name, value)| {
        (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value.as_str().unwrap()).unwrap())
    });
    Fixture {
        provider: Provider::from_word(index["provider"].as_str().unwrap()).unwrap(),
        verification,
        headers: headers.collect(),
        body: std::fs::read(folder().join(index["file"].as_str().unwrap())).unwrap(),
        now: Timestamp::from_second(auth["now"].as_i64().unwrap_or(1_600_000_000)).unwrap(),
        index,
    }
}

/// What an event says in the index's words; members that the index does not have are left out.
fn in_words_of_the_index(facts: &Facts, expected: &Value) -> Value {
    let event_type = facts.event_type.as_str();
    let all = serde_json::json!({
        "type": event_type.strip_prefix("email.").unwrap_or(event_type),
        "provider_event": facts.provider_event,
        "recipient": facts.recipient.as_ref().map(Recipient::expose),
        "message_id": facts.email_message_id,
        "timestamp": millis(facts.occurred_at),
        "bounce_type": facts.bounce_type.map(BounceType::as_str),
        "url": facts.url,
        "event_id": facts.provider_event_id,
        "reject_reason": facts.reject_reason.map(RejectReason::as_str),
        "tags": facts.tags,
        "metadata": facts.metadata,
        "campaign": facts.campaign_id,
        "ip": facts.client.ip,
        "user_agent": facts.client.user_agent,
        "geo": {"country": facts.client.geo.country, "region": facts.client.geo.region, "city": facts.client.geo.city},
        "diagnostic": facts.diagnostic,
        "smtp_code": facts.smtp_code,
        "enhanced_code": facts.enhanced_code,
        "machine": facts.client.machine,
    });
    let asked = expected.as_object().unwrap().keys().filter(|name| *name != "event_id_kind");
    asked.map(|name| (name.clone(), all[name].clone())).collect::<serde_json::Map<_, _>>().into()
}

fn millis(at: Timestamp) -> String {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap().to_string()
}

#[test]
fn every_fixture_means_what_the_index_says() {
    for fixture in fixtures() {
        let got = match fixture.index["outcome"].as_str().unwrap() {
            "auth_rejected" => {
                assert!(matches!(fixture.receive(), Err(Refusal::Unauthentic(_))), "{}", fixture.name());
                continue;
            }
            "events" | "no_events" => fixture.receive().unwrap(),
            other => panic!("an outcome without a test: {other}"),
        };
        let expected = fixture.index["expected"].as_array().unwrap();
        assert_eq!(got.len(), expected.len(), "{}", fixture.name());
        for (report, expected) in got.iter().zip(expected) {
            let mut wanted = expected.clone();
            wanted.as_object_mut().unwrap().remove("event_id_kind");
            if let Some(time) = wanted["timestamp"].as_str() {
                wanted["timestamp"] = millis(time.parse().unwrap()).into();
            }
            // Strict and advisory members alike: where we differ from the advice, it shows here.
            assert_eq!(in_words_of_the_index(&report.facts, expected), wanted, "{}", fixture.name());
            assert!(report.facts.raw.is_some(), "{}", fixture.name());
        }
    }
}

#[test]
fn the_same_body_gives_the_same_ids() {
    let (tenant, source) =
        (TenantId::mint(Timestamp::UNIX_EPOCH, [1; 10]), SourceId::mint(Timestamp::UNIX_EPOCH, [1; 10]));
    for fixture in fixtures().iter().filter(|fixture| fixture.index["outcome"] == "events") {
        let ids = || -> Vec<_> {
            let reports = fixture.receive().unwrap();
            reports.into_iter().map(|report| report.accept(tenant, Some(source), fixture.now).id).collect()
        };
        assert_eq!(ids(), ids(), "{}", fixture.name());
    }
}

/// Mailgun's signature covers timestamp and token; SendGrid's covers every byte.
#[test]
fn a_spoiled_signature_is_refused() {
    for mut fixture in fixtures() {
        match fixture.verification {
            Verification::Unsigned => continue,
            Verification::SigningKey(_) => {
                fixture.verification = Verification::SigningKey(VerificationSecret::parse("another key").unwrap());
            }
            Verification::PublicKey(_) => fixture.body.push(b' '),
            Verification::KeyAndUrl { .. } | Verification::Topics(_) => unreachable!(),
        }
        assert_eq!(
            fixture.receive().map(|reports| reports.len()),
            Err(Refusal::Unauthentic(Unauthentic::WrongSignature)),
            "{}",
            fixture.name()
        );
    }
}

#[test]
fn a_body_without_a_signature_is_refused_however_it_looks() {
    let key = parse_public_key(
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==",
    );
    let signed = [
        (Provider::Mailgun, Verification::SigningKey(VerificationSecret::parse("key").unwrap())),
        (Provider::SendGrid, Verification::PublicKey(key.unwrap())),
    ];
    for (provider, verification) in signed {
        for body in [
            "",
            "{}",
            "[]",
            "<html>",
            "\u{0}",
            r#"{"signature":{}}"#,
            r#"{"signature":"x","event-data":{"event":"opened"}}"#,
        ] {
            let headers = HeaderMap::new();
            let post = Post::new(&headers, body.as_bytes());
            let refused = receive(provider, &trust(&verification), &post, Timestamp::UNIX_EPOCH);
            assert_eq!(refused, Err(Refusal::Unauthentic(Unauthentic::NoSignature)), "{body}");
        }
    }
}

#[test]
fn one_odd_entry_costs_no_other() {
    let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    let odd = [
        "7",
        "null",
        "{}",
        r#"{"event":7e999}"#,
        r#"{"event":null}"#,
        r#"{"event":""}"#,
        &deep,
        r#"{"event":"\ud800"}"#,
    ];
    for odd in odd {
        let body = format!(r#"[{{"event":"open","sg_event_id":"1"}},{odd},{{"event":"click","sg_event_id":"2"}}]"#);
        let facts = unsigned(Provider::SendGrid, body.as_bytes());
        let types: Vec<_> = facts.iter().map(|facts| facts.event_type.as_str()).collect();
        assert_eq!(types, ["email.opened", "email.unknown", "email.clicked"], "{odd}");
        assert_eq!(facts[1].raw, Some(whole_body(odd)));
    }
}

#[test]
fn invalid_utf_8_costs_only_the_broken_characters() {
    let facts = unsigned(Provider::SendGrid, b"[{\"event\":\"open\",\"category\":\"caf\xe9\"},{\"event\":\"click\"}]");
    assert_eq!(facts[0].tags, ["caf\u{fffd}"]);
    assert_eq!(facts.len(), 2);
}

#[test]
fn what_cannot_be_read_is_kept_whole() {
    for (provider, body) in [(Provider::SendGrid, "<html>"), (Provider::Mailgun, "<html>"), (Provider::Mailgun, "{}")] {
        let facts = unsigned(provider, body.as_bytes());
        assert_eq!((facts.len(), facts[0].provider_event.as_str()), (1, "unparsed"));
        assert_eq!(facts[0].raw, Some(whole_body(body)));
    }
    let large = format!(r#"[{{"event":"open","x":"{}"}}]"#, "x".repeat(200_000));
    let facts = unsigned(Provider::SendGrid, large.as_bytes());
    assert_eq!(facts[0].provider_event, "oversized");
    assert_eq!(facts[0].raw, Some(whole_body(&large[1..large.len() - 1])));
}

#[test]
fn empty_posts_give_nothing() {
    for body in ["", " \r\n", "[]"] {
        assert_eq!(unsigned(Provider::SendGrid, body.as_bytes()), []);
    }
}

#[test]
fn large_batches_have_a_limit() {
    let batch = |count: usize| format!("[{}]", vec!["{}"; count].join(","));
    assert_eq!(unsigned(Provider::SendGrid, batch(5_000).as_bytes()).len(), 5_000);
    let (headers, body) = (HeaderMap::new(), batch(5_001));
    let post = Post::new(&headers, body.as_bytes());
    let refused = receive(Provider::SendGrid, &Trust::unsigned(), &post, Timestamp::UNIX_EPOCH);
    assert_eq!(refused, Err(Refusal::TooMany { limit: 5_000 }));
}

fn whole_body(text: &str) -> Raw {
    Raw::Body { kept: text.as_bytes().to_vec(), bytes: text.len() }
}

fn unsigned(provider: Provider, body: &[u8]) -> Vec<Facts> {
    let headers = HeaderMap::new();
    let post = Post::new(&headers, body);
    let received = receive(provider, &Trust::unsigned(), &post, "2026-01-02T03:04:05Z".parse().unwrap());
    received.unwrap().reports.into_iter().map(|report| report.facts).collect()
}

fn any_unsigned(provider: Provider, content_type: &str, body: &[u8]) {
    let headers = HeaderMap::from_iter([(http::header::CONTENT_TYPE, HeaderValue::from_str(content_type).unwrap())]);
    let post = Post::new(&headers, body);
    if let Ok(received) = receive(provider, &Trust::unsigned(), &post, Timestamp::UNIX_EPOCH) {
        let tenant = TenantId::mint(Timestamp::UNIX_EPOCH, [1; 10]);
        for report in received.reports {
            report.accept(tenant, None, Timestamp::UNIX_EPOCH);
        }
    }
}

const PROVIDERS: [Provider; 3] = [Provider::Mailgun, Provider::SendGrid, Provider::Generic];
const TYPES: [&str; 2] = ["application/json", "application/x-www-form-urlencoded; charset=utf-8"];

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(body in proptest::collection::vec(any::<u8>(), 0..300)) {
        for provider in PROVIDERS {
            for content_type in TYPES {
                any_unsigned(provider, content_type, &body);
            }
        }
    }

    #[test]
    fn arbitrary_text_never_panics(body in "[\\[\\]{}:,\"a-z0-9.\\-\\\\ &=%<>@]{0,200}") {
        for provider in PROVIDERS {
            for content_type in TYPES {
                any_unsigned(provider, content_type, body.as_bytes());
            }
        }
    }

    #[test]
    fn mutated_fixtures_never_panic(edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 1..8)) {
        for fixture in fixtures() {
            let mut body = fixture.body.clone();
            for (at, byte, edit) in &edits {
                let at = at.index(body.len());
                match edit {
                    0 => body[at] = *byte,
                    1 => body.insert(at, *byte),
                    _ => { body.remove(at); }
                }
            }
            let content_type = fixture.headers[http::header::CONTENT_TYPE].to_str().unwrap();
            any_unsigned(fixture.provider, content_type, &body);
            // Verified or not, it answers.
            let _ = fixture.receive_body(&body);
        }
    }
}
