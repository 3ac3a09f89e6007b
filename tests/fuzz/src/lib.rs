//! The code that all fuzz targets share: it converts bytes into a post, and checks what must hold for every post.
//!
//! An input looks like a request, so that headers are fuzzed as well: lines `name: value`, an empty line, the body. The
//! header `x-now` is the time, in Unix seconds.

use std::path::Path;
use std::sync::LazyLock;

use conformance::{Fixture, Index, invariants};
use domain::provider::{InboundPost, Provider, InboundPostError, receive};
use domain::secret::VerificationSecret;
use domain::source::{BasicPair, Credentials, Trust};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::Timestamp;

static FIXTURES: LazyLock<Vec<Fixture>> = LazyLock::new(|| {
    let index = Index::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/index.json")).unwrap();
    index.fixtures(default_now()).map(Result::unwrap).filter(|fixture| fixture.entry["auth"]["valid"] == true).collect()
});

fn default_now() -> Timestamp {
    Timestamp::from_second(1_767_323_045).unwrap()
}

/// Gives the input to a source that requires no signature.
pub fn parse(provider: Provider, data: &[u8]) {
    let (headers, body, now) = split(data);
    let received = receive(provider, &Trust::unsigned(), &InboundPost::new(&headers, body), now.unwrap_or_else(default_now));
    assert!(!matches!(received, Err(InboundPostError::VerificationError(_))));
    invariants::check(provider, body.len(), received);
}

/// Gives the input to the source of the provider's signed fixtures.
pub fn verify(provider: Provider, data: &[u8]) {
    let (headers, body, now) = split(data);
    let mut own = FIXTURES.iter().filter(|fixture| fixture.provider == provider);
    let fixture = own.next().unwrap();
    let received = fixture.receive_as(&fixture.trust, &headers, body, now.unwrap_or(fixture.now));
    if invariants::signs_every_byte(provider) && !matches!(received, Err(InboundPostError::VerificationError(_))) {
        let signed = fixture.body == body || own.any(|fixture| fixture.body == body);
        assert!(signed, "the post was accepted although nobody has signed it");
    }
    invariants::check(provider, body.len(), received);
}

/// Gives the input to sources with each kind of credentials.
pub fn verify_credentials(data: &[u8]) {
    let (headers, _, _) = split(data);
    let secret = |text: &str| VerificationSecret::parse(text).unwrap();
    let (first, second) = ("first-0123456789", "second-0123456789");
    let both = || vec![secret(first), secret(second)];
    let pair = |password| BasicPair { username: "user".to_owned(), password: secret(password) };
    let name = HeaderName::from_static("x-api-key");
    let presents = |name: &HeaderName, text: &str| {
        headers.get(name).is_some_and(|value| value.as_bytes().windows(text.len()).any(|part| part == text.as_bytes()))
    };
    let either = |name: &HeaderName| presents(name, first) || presents(name, second);
    for (credentials, plausible) in [
        (Credentials::Basic(vec![pair(first), pair(second)]), headers.contains_key(header::AUTHORIZATION)),
        (Credentials::Bearer(both()), either(&header::AUTHORIZATION)),
        (Credentials::Header { name: name.clone(), values: both() }, either(&name)),
    ] {
        let accepted = credentials.accepts(&headers).is_ok();
        assert!(plausible || !accepted, "the post was accepted without the secret");
        let trust = Trust { credentials: Some(credentials), ..Trust::unsigned() };
        let received = receive(Provider::Brevo, &trust, &InboundPost::new(&headers, b"{}"), default_now());
        assert_eq!(received.is_ok(), accepted);
    }
}

fn split(data: &[u8]) -> (HeaderMap, &[u8], Option<Timestamp>) {
    let (head, body) = match data.windows(2).position(|pair| pair == b"\n\n") {
        Some(at) => (&data[..at], &data[at + 2..]),
        None => (&b""[..], data),
    };
    let mut headers = HeaderMap::new();
    for line in head.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        let name = HeaderName::from_bytes(line[..colon].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii())) {
            headers.append(name, value);
        }
    }
    let now = headers.remove("x-now").and_then(|now| now.to_str().ok()?.parse().ok());
    (headers, body, now.and_then(|seconds| Timestamp::from_second(seconds).ok()))
}
