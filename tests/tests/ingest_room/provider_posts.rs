//! Providers' posts: verified, stored once, and only then answered 200.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::Request;
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::Sha256;
use shared::event::Raw;
use shared::provider::{Provider, parse_public_key};
use shared::secret::VerificationSecret;
use shared::source::{IngestKey, Source, Verification};
use tests::support::Break;

use crate::room::{Room, path};

const KEY: &str = "TEST_WEBHOOK_SIGNING_KEY";
const DELIVERED: &str = include_str!("../../fixtures/mailgun/delivered.json");

async fn mailgun(room: &Room) -> (Source, IngestKey) {
    let key = VerificationSecret::parse(KEY).unwrap();
    room.source(Provider::Mailgun, Verification::SigningKey(key)).await
}

/// The fixture, signed now.
fn signed(room: &Room) -> String {
    let (timestamp, token) = (room.world.clock.now().as_second().to_string(), "ab".repeat(25));
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(format!("{timestamp}{token}").as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    let mut body: Value = serde_json::from_str(DELIVERED).unwrap();
    body["signature"] = json!({"timestamp": timestamp, "token": token, "signature": signature});
    body.to_string()
}

#[tokio::test]
async fn a_signed_post_is_stored_once_however_often_it_comes() {
    let room = Room::start().await;
    let (source, key) = mailgun(&room).await;
    let body = signed(&room);
    for _ in 0..3 {
        let answer = room.post(&key, body.clone()).await;
        assert_eq!((answer.status, &answer.body), (200, &json!({"received": true})));
    }
    let stored = room.stored();
    assert_eq!(stored.len(), 1);
    let event = stored.values().next().unwrap();
    assert_eq!((event.tenant, event.source), (room.tenant, Some(source.id)));
    assert_eq!(event.facts.recipient.as_ref().unwrap().expose(), "recipient@example.com");
    assert_eq!(event.facts.occurred_at.to_string(), "2018-08-12T21:17:17.153125Z");
}

#[tokio::test]
async fn a_spoiled_or_stale_signature_is_refused_and_stores_nothing() {
    let room = Room::start().await;
    let (_, key) = mailgun(&room).await;
    let body = signed(&room);
    let spoiled = body.replacen("\"token\":\"a", "\"token\":\"b", 1);
    assert_ne!(spoiled, body);
    for wrong in [spoiled.as_str(), DELIVERED, "{}", "", "<html>"] {
        assert_eq!(room.post(&key, wrong).await.problem(), (401, "not-authentic"), "{wrong}");
    }
    room.world.clock.advance(SignedDuration::from_hours(25));
    assert_eq!(room.post(&key, body).await.problem(), (401, "not-authentic"));
    assert!(room.stored().is_empty());
}

#[tokio::test]
async fn each_event_of_a_batch_is_stored_and_a_batch_half_stored_is_completed() {
    let room = Room::start().await;
    let (_, key) = room.source(Provider::SendGrid, Verification::Unsigned).await;
    let body = include_str!("../../fixtures/sendgrid/signed_but_reserialised.json");
    for (calls_before, how) in [(0, Break::Before), (1, Break::After), (3, Break::Before), (5, Break::After)] {
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

#[tokio::test]
async fn a_source_with_a_public_key_wants_its_signature() {
    let room = Room::start().await;
    let public_key = parse_public_key(
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2is1eViXeZ9NwNbYKD/b51+WBZQVf+mLT0QCLiD6+HgWlNkrldvci/3m/o72GgCr3ilINxo9FpHElSHNnlYA7A==",
    );
    let (_, key) = room.source(Provider::SendGrid, Verification::PublicKey(public_key.unwrap())).await;
    let body = include_str!("../../fixtures/sendgrid/signed_but_reserialised.json");
    let unsigned = room.post(&key, body).await;
    assert_eq!(unsigned.problem(), (401, "not-authentic"));
    let request = Request::post(path(&key))
        .header(
            "X-Twilio-Email-Event-Webhook-Signature",
            "MEYCIQC7zQwrnBHCHxGZOkh70LJ144tIuSOxru0YGCn/bSE0/QIhAJ22PAa8HdZZQ+wrK+9sgeWF8BDdd1t+zbmCLO33RcyA",
        )
        .header("X-Twilio-Email-Event-Webhook-Timestamp", "1606575372");
    assert_eq!(room.send(request, body).await.problem(), (401, "not-authentic"));
    assert!(room.stored().is_empty());
}

#[tokio::test]
async fn what_cannot_be_read_is_kept_once() {
    let room = Room::start().await;
    let (_, key) = room.source(Provider::SendGrid, Verification::Unsigned).await;
    for _ in 0..2 {
        assert_eq!(room.post(&key, "<html>").await.status, 200);
    }
    let stored = room.stored();
    assert_eq!(stored.len(), 1);
    let raw = Raw::Body { kept: b"<html>".to_vec(), bytes: 6 };
    assert_eq!(stored.values().next().unwrap().facts.raw, Some(raw));
}

/// Bytes of one entry beyond which it is not mapped but kept in part.
const ENTRY_LIMIT: usize = 128 * 1024;

#[tokio::test]
async fn the_largest_event_fits_in_a_row_and_a_larger_one_is_kept_in_part() {
    let room = Room::start().await;
    let (_, key) = room.source(Provider::Mailgun, Verification::Unsigned).await;
    // Control characters in a form take three bytes and in JSON six; by their order they do not compress much.
    let mut state = 1_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        format!("%{:02X}", (state >> 24) % 31 + 1)
    };
    let head = "event=opened&timestamp=1461261330&token=";
    for (token, length, expected) in [("a", ENTRY_LIMIT, "opened"), ("b", ENTRY_LIMIT + 3, "oversized")] {
        let mut body = format!("{head}{token}&note=");
        while body.len() + 3 <= length {
            body.push_str(&noise());
        }
        let request = Request::post(path(&key)).header("content-type", "application/x-www-form-urlencoded");
        assert_eq!(room.send(request, body).await.status, 200, "{expected}");
        let stored = room.stored();
        assert!(stored.values().any(|event| event.facts.provider_event == expected), "{expected}");
    }
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
    room.world.registry.delete_source(&source).await.unwrap();
    // Trusted from memory for as long as CACHE_SECONDS says.
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
    room.world.registry.replace_source(&replaced, Some(&old.hash())).await.unwrap();
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
