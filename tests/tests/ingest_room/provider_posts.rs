//! Providers' posts: batches, sizes, and where the ingest key stands; `every_provider` has what holds for all.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::Request;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::provider::Provider;
use shared::source::{IngestKey, Source, Verification};
use tests::support::Break;

use crate::room::{Room, path};

#[tokio::test]
async fn each_event_of_a_batch_is_stored_whatever_call_fails_before() {
    let room = Room::start().await;
    let (_, key) = room.source(Provider::SendGrid, Verification::Unsigned).await;
    let body = include_str!("../../fixtures/sendgrid/signed_but_reserialised.json");
    // The reads of key and source; the write after both, and alone, since the source is known then.
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
