//! Providers' posts: batches, sizes, and the place of the ingest key. `every_provider` tests what holds for all
//! providers.

use std::fmt::Write as _;

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::Request;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::event::{EventType, Recipient};
use shared::provider::{MAX_PROVIDER_BODY, Provider};
use shared::source::{IngestKey, Source, Verification};
use support::Break;

use crate::room::{Room, path};

#[tokio::test]
async fn each_event_of_a_batch_is_stored_no_matter_which_call_fails_before() {
    let room = Room::start().await;
    let (_, key) = room.source(Provider::SendGrid, Verification::Unsigned).await;
    let body = include_str!("../../../fixtures/sendgrid/signed_but_reserialised.json");
    // In order, the call that breaks is: reading the key, reading the source, the write after both, and the write alone
    // when the source is cached.
    for (calls_before, how) in [(0, Break::Before), (1, Break::After), (2, Break::Before), (0, Break::After)] {
        room.world.aws.break_call(calls_before, how);
        let answer = room.post(&key, body).await;
        assert_eq!(answer.problem(), (503, "unavailable"), "{calls_before} {how:?}");
        assert_eq!(answer.headers["retry-after"], "5");
    }
    assert_eq!(room.post(&key, body).await.status, 200);
    let stored = room.stored();
    let entries: Vec<Value> = serde_json::from_str(body).unwrap();
    assert_eq!((entries.len(), stored.len()), (11, 11));
    for entry in entries {
        let id = entry["sg_event_id"].as_str().unwrap();
        assert!(stored.values().any(|event| event.facts.provider_event_id == id), "{id}");
    }
    assert_eq!(room.post(&key, body).await.status, 200);
    assert_eq!(room.stored().len(), 11);
}

/// Control characters take three bytes in a form and six in JSON. In this order they do not compress much.
fn noise(bytes: usize) -> String {
    let mut state = 1_u32;
    let mut noise = String::new();
    while noise.len() + 3 <= bytes {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        write!(noise, "%{:02X}", (state >> 24) % 31 + 1).unwrap();
    }
    noise
}

/// Every event has a row that says what happened, no matter what the event contains and how large it is.
#[tokio::test]
async fn an_event_of_any_size_is_stored_and_says_what_happened() {
    let room = Room::start().await;
    let (_, key) = room.source(Provider::Mailgun, Verification::Unsigned).await;
    let fields = ["note", "url", "error", "tag", "domain", "campaign-id", "user-agent", "ip", "city", "Message-Id"];
    for (number, size) in [100, 20_000, 128 * 1024 - 200, 128 * 1024, 400_000].into_iter().enumerate() {
        let filled = fields.map(|field| format!("&{field}={}", noise(size))).concat();
        let body = format!("event=clicked&recipient=a%40example.org&timestamp=1461261330&token={number}{filled}");
        let request = Request::post(path(&key)).header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(room.send(request, body).await.status, 200, "{size}");
        let stored = room.stored();
        assert_eq!(stored.len(), number + 1, "{size}");
        for facts in stored.into_values().map(|event| event.facts) {
            assert_eq!(facts.event_type, EventType::Clicked, "{size}");
            assert_eq!(facts.recipient.as_ref().map(Recipient::expose), Some("a@example.org"), "{size}");
        }
    }
}

/// The post includes the email that bounced. The email may make the post as large as a post may be.
#[tokio::test]
async fn a_bounce_with_its_email_is_a_bounce() {
    let room = Room::start().await;
    let (_, key) = room.source(Provider::Postmark, Verification::Unsigned).await;
    let bounce = |id: usize, content: &str| {
        json!({"Content": content, "RecordType": "Bounce", "Type": "HardBounce", "ID": id, "Email": "gone@example.com",
               "BouncedAt": "2026-10-05T16:33:54Z", "MessageID": "m", "Details": "smtp;550 5.1.1 unknown"})
    };
    let around = bounce(1, "").to_string().len();
    for (id, size) in [1_000, 140_000, 1_000_000, MAX_PROVIDER_BODY - around].into_iter().enumerate() {
        for _ in 0..2 {
            assert_eq!(room.post(&key, bounce(id, &"x".repeat(size)).to_string()).await.status, 200, "{size}");
        }
        let stored = room.stored();
        assert_eq!(stored.len(), id + 1, "{size}");
        for event in stored.values() {
            assert_eq!((event.facts.event_type, event.facts.smtp_code), (EventType::Bounced, Some(550)), "{size}");
            assert_eq!(event.facts.recipient.as_ref().map(Recipient::expose), Some("gone@example.com"), "{size}");
        }
    }
    let larger = bounce(9, &"x".repeat(MAX_PROVIDER_BODY - around + 1));
    assert_eq!(room.post(&key, larger.to_string()).await.problem(), (413, "body-too-large"));
}

#[tokio::test]
async fn the_generic_body_names_its_faults() {
    let room = Room::start().await;
    let (_, key) = room.source(Provider::Generic, Verification::Unsigned).await;
    let good =
        json!({"type": "bounce", "email_id": "m-1", "recipient": "a@example.org", "timestamp": "2026-01-02T03:04:05Z"});
    for _ in 0..2 {
        assert_eq!(room.post(&key, good.to_string()).await.status, 200);
    }
    assert_eq!(room.stored().len(), 1);
    let answer = room.post(&key, json!([good, {"type": "open"}]).to_string()).await;
    assert_eq!(answer.problem(), (422, "invalid-request"));
    assert_eq!(answer.body["errors"][0]["pointer"], "/1/email_id");
    assert_eq!(room.post(&key, "{").await.problem(), (400, "malformed"));
    assert_eq!(room.post(&key, Value::from(vec![good; 501]).to_string()).await.problem(), (413, "too-many-events"));
    assert_eq!(room.stored().len(), 1);
}

#[tokio::test]
async fn the_same_body_at_two_sources_is_two_events() {
    let room = Room::start().await;
    let body = json!({"type": "open", "email_id": "m-1", "timestamp": "2026-01-02T03:04:05Z"}).to_string();
    for _ in 0..2 {
        let (_, key) = room.source(Provider::Generic, Verification::Unsigned).await;
        assert_eq!(room.post(&key, body.clone()).await.status, 200);
    }
    assert_eq!(room.stored().len(), 2);
}

#[tokio::test]
async fn an_unknown_key_is_answered_like_a_revoked_one() {
    let room = Room::start().await;
    let (source, key) = room.source(Provider::Generic, Verification::Unsigned).await;
    assert_eq!(room.post(&key, "[]").await.status, 200);
    room.world.registry.sources.delete(&source).await.unwrap();
    // The source is trusted from memory for CACHE_SECONDS.
    assert_eq!(room.post(&key, "[]").await.status, 200);
    room.world.clock.advance(SignedDuration::from_secs(30));
    let revoked = room.post(&key, "[]").await.alike();
    assert_eq!(revoked.0, 404);
    assert_eq!(room.post(&IngestKey::generate(Provider::Generic, [0; 20]), "[]").await.alike(), revoked);
    for odd in ["x", "mhi_", &format!("mhi_{}", "0".repeat(500))] {
        assert_eq!(room.send(Request::post(format!("/api/webhooks/{odd}")), "[]").await.alike(), revoked);
    }
}

#[tokio::test]
async fn a_replaced_key_ends_and_the_new_one_works() {
    let room = Room::start().await;
    let (source, old) = room.source(Provider::Generic, Verification::Unsigned).await;
    let new = IngestKey::generate(Provider::Generic, [7; 20]);
    let replaced = Source { ingest_key: new.hash(), ..source };
    room.world.registry.sources.replace(&replaced, Some(&old.hash())).await.unwrap();
    assert_eq!(room.post(&old, "[]").await.status, 404);
    assert_eq!(room.post(&new, "[]").await.status, 200);
}

#[tokio::test]
async fn the_key_may_be_in_the_header() {
    let room = Room::start().await;
    let (_, key) = room.source(Provider::Generic, Verification::Unsigned).await;
    let body = json!({"type": "open", "email_id": "m-1", "timestamp": "2026-01-02T03:04:05Z"}).to_string();
    let bearer = format!("Bearer {}", key.expose());
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("anybody:{}", key.expose())));
    for value in [bearer, basic] {
        let request = Request::post("/api/webhooks").header("authorization", value);
        assert_eq!(room.send(request, body.clone()).await.status, 200);
    }
    assert_eq!(room.stored().len(), 1);
    let missing = room.send(Request::post("/api/webhooks"), body.clone()).await;
    assert_eq!(missing.headers["www-authenticate"], "Basic realm=\"mailhooks\"");
    let missing = missing.alike();
    assert_eq!(missing.0, 401);
    let unknown = Request::post("/api/webhooks").header("authorization", "Bearer mhi_unknown");
    assert_eq!(room.send(unknown, body).await.alike(), missing);
}

#[tokio::test]
async fn a_known_source_costs_no_read() {
    let room = Room::start().await;
    let (_, key) = room.source(Provider::SendGrid, Verification::Unsigned).await;
    let body = r#"[{"event":"open","timestamp":1,"sg_event_id":"e-1"}]"#;
    room.post(&key, body).await;
    room.world.aws.take_calls();
    room.post(&key, body).await;
    let calls: Vec<_> = room.world.aws.take_calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(calls, ["DynamoDB.PutItem"]);
}
