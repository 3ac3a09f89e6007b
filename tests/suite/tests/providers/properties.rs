//! Every possible post ends as events, as an unparsed event, or refused. This stays within limits of time and memory,
//! and never panics.

use std::time::Duration;

use conformance::Fixture;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value, json};
use shared::id::TenantId;
use shared::provider::{InboundPost, InboundPostError, Provider, Received, own, receive};
use shared::source::Trust;
use support::cost::{Cost, cost};

use super::made_up::{
    any_content_type, any_fixture, any_json, any_nested, any_provider, any_text, fixtures, senders, with_changed_json,
    with_nested, with_others,
};
use super::stored;
use super::{FORM, JSON, content_type, is_of, now, post_of, providers, unsigned};

/// Maximum CPU time for one post, in the release profile.
const CPU: Duration = Duration::from_millis(50);
/// Maximum memory for one post, without its own body.
const MEMORY: u64 = 8 * 1024 * 1024;
/// Size of a large body. A body of at most this size has the same limits as a small one. The time and memory for a
/// larger body grow with its size.
const LARGE: usize = 1024 * 1024;
/// How many times slower code without optimisation may be. The release profile must keep the limit itself.
const SLOWER: u32 = if cfg!(debug_assertions) { 40 } else { 1 };

/// Checks the cost of a post with a body of `body` bytes.
pub(crate) fn assert_affordable(what: &str, body: usize, cost: &Cost) {
    let times = u32::try_from(body.div_ceil(LARGE).max(1)).unwrap();
    assert!(cost.cpu <= CPU * SLOWER * times, "{what}, {body} bytes, took {:?}", cost.cpu);
    assert!(cost.peak_bytes <= MEMORY * u64::from(times), "{what}, {body} bytes, held {} bytes", cost.peak_bytes);
}

/// Reads a post, and checks the limits and the invariants.
fn holds(what: &str, provider: Provider, body: &[u8], take: impl FnOnce() -> Result<Received, InboundPostError>) {
    let (received, cost) = cost(take);
    assert_affordable(what, body.len(), &cost);
    stored::check(provider, body.len(), received);
}

fn holds_unsigned(provider: Provider, headers: &HeaderMap, body: &[u8]) {
    holds(provider.as_str(), provider, body, || unsigned(provider, headers, body));
}

/// Checks a changed fixture with two sources: one that verifies nothing, and one that verifies everything.
fn holds_changed(fixture: &Fixture, body: &[u8]) {
    let headers = &fixture.headers;
    holds(&fixture.id, fixture.provider, body, || fixture.receive_as(&Trust::unsigned(), headers, body, fixture.now));
    holds(&fixture.id, fixture.provider, body, || fixture.receive_body(body));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn arbitrary_bytes_hold(
        provider in any_provider(),
        headers in any_content_type(),
        body in prop::collection::vec(any::<u8>(), 0..2_000),
    ) {
        holds_unsigned(provider, &headers, &body);
    }

    #[test]
    fn arbitrary_text_holds(
        provider in any_provider(),
        headers in any_content_type(),
        body in "[\\[\\]{}:,\"a-z0-9.\\-\\\\ &=%<>@\r\n]{0,400}",
    ) {
        holds_unsigned(provider, &headers, body.as_bytes());
    }

    #[test]
    fn arbitrary_json_holds(provider in any_provider(), headers in any_content_type(), value in any_json()) {
        let text = value.to_string();
        holds_unsigned(provider, &headers, text.as_bytes());
        holds_unsigned(provider, &headers, format!("[{text},{text}]").as_bytes());
        let (headers, body) = post_of(provider, &text);
        holds_unsigned(provider, &headers, &body);
        let (headers, body) = post_of(provider, &json!({"type": value, "event": value, "data": value}).to_string());
        holds_unsigned(provider, &headers, &body);
    }

    #[test]
    fn arbitrary_members_hold(provider in any_provider(), others in prop::collection::vec((any::<Index>(), any_json()), 1..5)) {
        let event = with_others(super::click(provider), &others);
        let (headers, body) = post_of(provider, &event.to_string());
        holds_unsigned(provider, &headers, &body);
    }

    #[test]
    fn fixtures_with_other_values_hold(
        fixture in any_fixture(),
        others in prop::collection::vec((any::<Index>(), any_json()), 1..5),
    ) {
        let body = with_changed_json(&fixture.body, |json| {
            serde_json::from_str(json).map_or_else(|_| json.to_owned(), |value| with_others(value, &others).to_string())
        });
        holds_changed(fixture, body.as_bytes());
    }

    /// Every later room can read an accepted event, no matter which values it has.
    #[test]
    fn fixtures_with_nested_values_hold(
        fixture in any_fixture(),
        places in prop::collection::vec(any::<Index>(), 1..4),
        nested in any_nested(),
    ) {
        let body = with_changed_json(&fixture.body, |json| with_nested(json, &places, &nested));
        holds_changed(fixture, body.as_bytes());
    }

    /// Senders put any value they like into metadata.
    #[test]
    fn nested_metadata_holds(provider in any_provider(), name in any_text(), nested in any_nested()) {
        let event = super::click(provider).to_string();
        let nested = format!("{}:{nested},", Value::from(name));
        for own in ["", r#""metadata":{"#, r#""Metadata":{"#, r#""rcpt_meta":{"#, r#""user-variables":{"#, r#""Payload":{"#, r#""tags":{"#] {
            let close = if own.is_empty() { "" } else { r#""z":1},"# };
            let event = event.replacen('{', &format!("{{{own}{nested}{close}"), 1);
            let (headers, body) = post_of(provider, &event);
            holds_unsigned(provider, &headers, &body);
        }
    }

    /// The same, with a good signature over the changed body.
    #[test]
    fn signed_posts_with_odd_values_hold(
        sender in 0..senders().len(),
        places in prop::collection::vec(any::<Index>(), 1..4),
        nested in any_nested(),
    ) {
        let sender = &senders()[sender];
        let change = |body: &str| with_changed_json(body.as_bytes(), |json| with_nested(json, &places, &nested));
        let post = sender.changed_post(conformance::INGEST_KEY, 1, now(), change).unwrap();
        let request = post.request("/").unwrap();
        let post = InboundPost { ingest_key: conformance::INGEST_KEY, ..InboundPost::new(request.headers(), &post.body) };
        let trust = sender.trust().unwrap();
        // The certificate of SNS would be fetched; `ingest_room` has its own tests for that.
        let trust = if sender.provider == Provider::Ses { Trust::unsigned() } else { trust };
        let received = receive(sender.provider, &trust, &post, now());
        // Credentials of a network, or a token of Mailgun's within the event, are no part of the change.
        assert!(!matches!(received, Err(InboundPostError::VerificationError(_))), "{received:?}");
        stored::check(sender.provider, post.body.len(), received);
    }

    /// Events that the tenant publishes itself: an accepted event can be read, and an error names the place of the
    /// value that is too deep or that nothing could store.
    #[test]
    fn nested_own_metadata_is_readable_or_refused(nested in any_nested(), in_batch: bool) {
        let event = format!(r#"{{"type":"email.sent","timestamp":"2026-01-01T00:00:00Z","metadata":{{"x":{nested}}}}}"#);
        let body = if in_batch { format!("[{event}]") } else { event };
        match own::parse(body.as_bytes(), now()) {
            Ok(events) => for event in events {
                let tenant = TenantId::mint(Timestamp::UNIX_EPOCH, [1; 10]);
                stored::check_readable(&event.keyed(|| "k".to_owned()).accept(tenant, None, Timestamp::UNIX_EPOCH));
            },
            Err(InboundPostError::Invalid(faults)) => {
                let pointer = if in_batch { "/0/metadata" } else { "/metadata" };
                assert!(faults.iter().all(|fault| fault.pointer.starts_with(pointer)), "{faults:?}");
            }
            Err(refusal) => panic!("{refusal}"),
        }
    }

    /// Own events with any value in any field: accepted and delivered, or refused with a pointer.
    #[test]
    fn odd_own_events_are_readable_or_refused(places in prop::collection::vec(any::<Index>(), 1..4), odd in any_nested()) {
        let event = json!({
            "type": "email.bounced", "timestamp": "2026-01-01T00:00:00Z", "id": "i", "recipient": "a@example.com",
            "subject": "s", "tags": ["t"], "metadata": {"a": 1, "b": {"c": "d"}},
            "bounce": {"type": "hard", "diagnostic": "d"}, "client": {"name": "n", "geo": {"city": "c"}},
        });
        let body = with_nested(&event.to_string(), &places, &odd);
        match own::parse(body.as_bytes(), now()) {
            Ok(events) => for event in events {
                let tenant = TenantId::mint(Timestamp::UNIX_EPOCH, [1; 10]);
                stored::check_readable(&event.keyed(|| "k".to_owned()).accept(tenant, None, Timestamp::UNIX_EPOCH));
            },
            Err(InboundPostError::Invalid(faults)) => assert!(!faults.is_empty()),
            // The whole body is a value that is no object.
            Err(refusal) => assert!(!body.starts_with('{'), "{refusal}: {body}"),
        }
    }

    #[test]
    fn truncated_fixtures_hold(fixture in any_fixture(), at in any::<Index>(), from in any::<Index>()) {
        let at = at.index(fixture.body.len() + 1);
        holds_changed(fixture, &fixture.body[..at]);
        holds_changed(fixture, &fixture.body[from.index(at + 1)..at]);
    }

    #[test]
    fn mutated_fixtures_hold(
        fixture in any_fixture(),
        edits in prop::collection::vec((any::<Index>(), any::<u8>(), 0..4), 1..8),
    ) {
        let mut body = fixture.body.clone();
        for (at, byte, edit) in &edits {
            if body.is_empty() {
                break;
            }
            let at = at.index(body.len());
            match edit {
                0 => body[at] = *byte,
                1 => body.insert(at, *byte),
                2 => body[at] ^= 1 << (byte % 8),
                _ => { body.remove(at); }
            }
        }
        holds_changed(fixture, &body);
    }

    #[test]
    fn mutated_headers_hold(
        fixture in any_fixture(),
        at in any::<Index>(),
        value in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let mut headers = fixture.headers.clone();
        let names: Vec<_> = headers.keys().cloned().collect();
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            headers.insert(at.get(&names).clone(), value);
        }
        holds(&fixture.id, fixture.provider, &fixture.body, || {
            fixture.receive_as(&fixture.trust, &headers, &fixture.body, fixture.now)
        });
    }
}

/// One unit repeated until the body is a large one.
fn repeated(unit: &str, between: &str, frame: (&str, &str)) -> String {
    let room = LARGE - frame.0.len() - frame.1.len();
    let count = (room + between.len()) / (unit.len() + between.len());
    format!("{}{}{}", frame.0, vec![unit; count].join(between), frame.1)
}

/// Large bodies, each of a shape that is expensive somewhere.
fn large(provider: Provider) -> Vec<(&'static str, HeaderMap, Vec<u8>)> {
    let event = super::click(provider).to_string();
    let json = |body: String| (content_type(JSON), body.into_bytes());
    let form = |body: String| (content_type(FORM), body.into_bytes());
    let in_event = |member: &str| event.replacen('{', &format!("{{{member},"), 1);
    let shapes = [
        ("nulls", json(repeated("1", ",", ("[", "]")))),
        ("empty objects", json(repeated("{}", ",", ("[", "]")))),
        ("events", json(repeated(&event, ",", ("[", "]")))),
        ("members", json(repeated(r#""a":1"#, ",", ("{", "}")))),
        ("one text", json(repeated("x", "", ("[{\"event\":\"", "\"}]")))),
        ("escapes", json(repeated("\\u00e9", "", ("[{\"event\":\"", "\"}]")))),
        ("quotes", json(repeated("\\\"", "", ("{\"event\":\"", "\"}")))),
        ("arrays", json(repeated("[", "", ("", "")))),
        ("broken bytes", (content_type(JSON), vec![0xff; LARGE])),
        ("fields", form(repeated("a", "&", ("", "")))),
        ("long fields", form(repeated("aa=%41", "&", ("", "")))),
        ("percents", form(repeated("%ff", "", ("mandrill_events=", "")))),
        ("events in a form", form(repeated("%7B%7D", "%2C", ("mandrill_events=%5B", "%5D")))),
        (
            "parts",
            (content_type("multipart/form-data; boundary=x"), repeated("--x\r\n\r\n\r\n", "", ("", "--x--")).into()),
        ),
        ("named parts", {
            let part = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
            (content_type("multipart/form-data; boundary=x"), repeated(part, "", ("", "--x--")).into())
        }),
        ("boundaries", (content_type("multipart/form-data; boundary=----------"), vec![b'-'; LARGE])),
        ("a large member", post_of(provider, &in_event(&format!(r#""large":"{}""#, "x".repeat(120_000))))),
        ("other members", {
            let members: Vec<_> = (0..90_000).map(|number| format!(r#""{number}":1"#)).collect();
            json(format!("{{{}}}", members.join(",")))
        }),
        ("events of many members", {
            let members: Vec<_> = (0..12_000).map(|number| format!(r#""{number}":1"#)).collect();
            let event = format!("{{{},{}", members.join(","), &event[1..]);
            json(format!("[{}]", vec![event; 8].join(",")))
        }),
        ("many members", {
            let members: Vec<_> = (0..8_000).map(|number| format!(r#""m{number}":{number}"#)).collect();
            post_of(provider, &in_event(&members.join(",")))
        }),
        ("recipients", {
            // As many addresses as fit into an object that is kept whole.
            let addresses = vec![r#""a@b""#; 2_500].join(",");
            let delivery = format!(r#"{{"eventType":"Delivery","delivery":{{"recipients":[{addresses}]}}}}"#);
            post_of(provider, &delivery)
        }),
        ("recipients and tags", {
            let addresses = vec![r#""a@b""#; 9_000].join(",");
            let tags: Vec<_> = (0..4_000).map(|number| format!(r#""t{number}":["x"]"#)).collect();
            let delivery = format!(
                r#"{{"eventType":"Delivery","mail":{{"tags":{{{}}}}},"delivery":{{"recipients":[{addresses}]}}}}"#,
                tags.join(",")
            );
            post_of(provider, &delivery)
        }),
        (
            "tags",
            post_of(
                provider,
                &in_event(&format!(
                    r#""tags":[{0}],"category":[{0}],"rcpt_tags":[{0}]"#,
                    vec!["\"t\""; 10_000].join(",")
                )),
            ),
        ),
    ];
    shapes.map(|(name, (headers, body))| (name, headers, body)).to_vec()
}

#[test]
fn large_bodies_hold() {
    let mut over = Vec::new();
    for provider in providers() {
        for (shape, headers, body) in large(provider) {
            // Two providers read forms, and one reads SNS's messages. For the others, such a body is plain text.
            let is_form = !is_of(&headers, JSON) && !is_of(&headers, "text/plain");
            if is_form && ![Provider::Mailgun, Provider::Mandrill].contains(&provider) {
                continue;
            }
            assert!(body.len() <= LARGE, "{} {shape}", provider.as_str());
            let (received, cost) =
                cost(|| receive(provider, &Trust::unsigned(), &InboundPost::new(&headers, &body), now()));
            if cost.cpu > CPU * SLOWER || cost.peak_bytes > MEMORY {
                over.push(format!("{} {shape}: {:?}, {} KiB", provider.as_str(), cost.cpu, cost.peak_bytes / 1024));
            }
            if !matches!(received, Err(InboundPostError::Malformed | InboundPostError::Invalid(_))) {
                stored::check(provider, body.len(), received);
            }
        }
    }
    assert!(over.is_empty(), "{}", over.join("\n"));
}

/// A form in which each of some fields is a long text. Such a body is larger than [`LARGE`].
#[test]
fn fields_of_a_form_that_are_replaced_by_long_texts_hold() {
    let fixture = fixtures().iter().find(|fixture| fixture.id == "mailgun/legacy_delivered").unwrap();
    let text = format!("\"{}\"", "\u{20ac}".repeat(400 * 1024 / 3));
    let body = with_changed_json(&fixture.body, |json| with_nested(json, &[], &text).replace("1461261330", &text));
    assert!(body.len() > LARGE, "{}", body.len());
    holds_changed(fixture, body.as_bytes());
}

/// The limits have an effect: the measurement notices code that exceeds them.
#[test]
fn cost_is_measured() {
    let (_, held) = cost(|| vec![0_u8; 9 * 1024 * 1024].len());
    assert!(held.peak_bytes > MEMORY && held.allocations == 1, "{held:?}");
    let (_, busy) =
        cost(|| (0..40_000_000_u64).fold(0, |sum: u64, next| std::hint::black_box(sum.wrapping_mul(31) ^ next)));
    assert!(busy.cpu > Duration::from_millis(1), "{busy:?}");
    let mut map = Map::new();
    let (_, kept) = cost(|| map.insert("a".to_owned(), json!(1)));
    assert!(kept.allocations >= 1);
}
