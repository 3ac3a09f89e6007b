//! What a source may ask for besides a signature: credentials, and the sender's networks.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::json;
use shared::provider::{InboundPost, VerificationError, receive};
use shared::source::{BasicPair, Credentials, Trust};

use super::authenticity::{refused, secret};
use super::{JSON, content_type, now, own_fixtures, providers};

/// The credentials that a source asks for, the header that carries them, two good values, and bad values that are
/// similar.
struct Case {
    credentials: Credentials,
    header: HeaderName,
    good: [String; 2],
    bad: Vec<String>,
}

fn cases() -> [Case; 3] {
    let pair = |username: &str, password: &str| BasicPair { username: username.into(), password: secret(password) };
    let basic = |text: &str| format!("Basic {}", BASE64_STANDARD.encode(text));
    let both = || vec![secret("first"), secret("second")];
    let api_key = HeaderName::from_static("x-api-key");
    let near = |scheme: &str| {
        ["firs", "firstx", "First", "third", "first,second"].map(|bad| format!("{scheme}{bad}")).to_vec()
    };
    [
        Case {
            credentials: Credentials::Basic(vec![pair("u", "first"), pair("v", "second")]),
            header: header::AUTHORIZATION,
            good: [basic("u:first"), basic("v:second")],
            bad: ["u:firs", "u:firstx", "u:second", "U:first", "u", ":first", "first"].map(basic).to_vec(),
        },
        Case {
            credentials: Credentials::Bearer(both()),
            header: header::AUTHORIZATION,
            good: ["Bearer first".to_owned(), "Bearer second".to_owned()],
            bad: near("Bearer "),
        },
        Case {
            credentials: Credentials::Header { name: api_key.clone(), values: both() },
            header: api_key,
            good: ["first".to_owned(), "second".to_owned()],
            bad: near(""),
        },
    ]
}

#[test]
fn credentials_are_asked_for_by_every_provider_in_addition_to_its_signature() {
    for fixture in own_fixtures().iter().filter(|fixture| fixture.receive().is_ok()) {
        for Case { credentials, header, good, bad } in cases() {
            let trust = Trust { credentials: Some(credentials), ..fixture.trust.clone() };
            let take = |value: Option<&str>| {
                let mut headers = fixture.headers.clone();
                if let Some(value) = value {
                    headers.insert(&header, HeaderValue::from_str(value).unwrap());
                }
                fixture.receive_as(&trust, &headers, &fixture.body, fixture.now)
            };
            for good in &good {
                assert!(take(Some(good)).is_ok(), "{} {good}", fixture.id);
            }
            let never = ["", "Basic", "Basic ", "Bearer", "Bearer ", "Basic !", "Digest first"].map(str::to_owned);
            for bad in bad.iter().chain(&never) {
                assert!(refused(&take(Some(bad))), "{} {bad}", fixture.id);
            }
            assert!(refused(&take(None)), "{}", fixture.id);
        }
    }
}

/// A source that asks for one kind of credentials refuses a good credential of another kind.
#[test]
fn a_credential_in_the_wrong_place_is_refused() {
    let cases = cases();
    for (asked, wanted) in cases.iter().enumerate() {
        for (sent, Case { header, good, .. }) in cases.iter().enumerate() {
            let headers = HeaderMap::from_iter([(header.clone(), HeaderValue::from_str(&good[0]).unwrap())]);
            assert_eq!(wanted.credentials.accepts(&headers).is_ok(), asked == sent, "{asked} {sent}");
        }
    }
}

#[test]
fn networks_are_asked_for_by_every_provider() {
    for provider in providers() {
        let networks = ["185.107.232.0/24", "2600:1f24:64:8000::/52"].map(|network| network.parse().unwrap()).to_vec();
        let trust = Trust { networks, ..Trust::unsigned() };
        let from = |sender: Option<&str>| {
            let headers = content_type(JSON);
            let sender = sender.map(|sender| sender.parse().unwrap());
            let body = json!({"type": "email.opened", "id": "1", "timestamp": "2026-01-01T00:00:00Z"}).to_string();
            let post = InboundPost { sender, ..InboundPost::new(&headers, body.as_bytes()) };
            receive(provider, &trust, &post, now())
        };
        for inside in ["185.107.232.0", "185.107.232.255", "::ffff:185.107.232.7", "2600:1f24:64:8000::1"] {
            assert!(!refused(&from(Some(inside))), "{} {inside}", provider.as_str());
        }
        for outside in [None, Some("185.107.233.0"), Some("10.0.0.1"), Some("2600:1f24:64:9000::1"), Some("::")] {
            assert_eq!(
                from(outside),
                Err(VerificationError::ForeignNetwork.into()),
                "{} {outside:?}",
                provider.as_str()
            );
        }
    }
}
