//! Events that tenants publish themselves.

use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::event::EventType;
use shared::tenant::Role;

use crate::room::{Room, publication};

fn event() -> Value {
    json!({"type": "email.delivered", "timestamp": "2026-01-02T03:04:05Z", "recipient": "reader@example.com"})
}

fn with_id(id: &str) -> Value {
    let mut event = event();
    event["id"] = id.into();
    event
}

/// The ids in an answer, each with whether the event was stored before.
fn published(answer: &crate::room::Answer) -> Vec<(String, bool)> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let data = answer.body["data"].as_array().unwrap();
    data.iter().map(|one| (one["id"].as_str().unwrap().to_owned(), one["duplicate"].as_bool().unwrap())).collect()
}

#[tokio::test]
async fn an_event_of_its_own_id_is_stored_once() {
    let room = Room::start().await;
    let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
    let first = published(&room.publish(&key, with_id("e-1").to_string()).await);
    let again = published(&room.publish(&key, with_id("e-1").to_string()).await);
    assert_eq!((first[0].1, again[0].1), (false, true));
    assert_eq!(first[0].0, again[0].0);
    let stored = room.stored();
    assert_eq!(stored.len(), 1);
    let event = &stored[&first[0].0];
    assert_eq!((event.tenant, event.source), (room.tenant, None));
    assert_eq!(event.facts.provider_event_id, "e-1");
}

#[tokio::test]
async fn what_mailhooks_reports_itself_cannot_be_published() {
    let room = Room::start().await;
    let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
    for event_type in EventType::OPERATIONAL {
        let mut forged = event();
        forged["type"] = event_type.as_str().into();
        let answer = room.publish(&key, json!([event(), forged]).to_string()).await;
        assert_eq!(answer.problem(), (422, "invalid-request"));
        let fault = &answer.body["errors"][0];
        assert_eq!(fault["pointer"], "/1/type");
        let detail = fault["detail"].as_str().unwrap();
        assert!(detail.contains("is reported by mailhooks itself and cannot be published"), "{detail}");
    }
    assert!(room.stored().is_empty());
}

#[tokio::test]
async fn an_idempotency_key_stands_for_what_has_no_id() {
    let room = Room::start().await;
    let (_, key) = room.key(Role::Tenant, Some(room.tenant)).await;
    let keyed = async |name: &str, body: Value| {
        published(&room.send(publication(&key).header("Idempotency-Key", name), body.to_string()).await)
    };
    let batch = json!([event(), with_id("own"), event()]);
    let first = keyed("request-1", batch.clone()).await;
    assert!(first.iter().all(|(_, duplicate)| !duplicate));
    let again = keyed("request-1", batch).await;
    assert!(again.iter().all(|(_, duplicate)| *duplicate));
    assert_eq!(room.stored().len(), 3);
    let other = keyed("request-2", json!([event(), with_id("own")])).await;
    assert_eq!(other.iter().map(|(_, duplicate)| *duplicate).collect::<Vec<_>>(), [false, true]);
    let single = keyed("request-3", event()).await;
    assert_eq!(single, keyed("request-3", event()).await.into_iter().map(|(id, _)| (id, false)).collect::<Vec<_>>());
    for wrong in ["", &"k".repeat(257)] {
        let request = publication(&key).header("Idempotency-Key", wrong);
        assert_eq!(room.send(request, event().to_string()).await.problem(), (400, "idempotency-key-invalid"));
    }
}

#[tokio::test]
async fn without_either_every_request_is_a_new_event() {
    let room = Room::start().await;
    let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
    for _ in 0..2 {
        published(&room.publish(&key, event().to_string()).await);
    }
    assert_eq!(room.stored().len(), 2);
}

#[tokio::test]
async fn five_hundred_are_answered_in_their_order() {
    let room = Room::start().await;
    let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
    let batch: Vec<Value> = (0..500).map(|number| with_id(&format!("e-{number}"))).collect();
    let answered = published(&room.publish(&key, Value::from(batch.clone()).to_string()).await);
    let stored = room.stored();
    assert_eq!((answered.len(), stored.len()), (500, 500));
    for (number, (id, duplicate)) in answered.iter().enumerate() {
        assert!(!duplicate);
        assert_eq!(stored[id].facts.provider_event_id, format!("e-{number}"));
    }
    let too_many = Value::from([batch, vec![with_id("e-500")]].concat());
    assert_eq!(room.publish(&key, too_many.to_string()).await.problem(), (413, "too-many-events"));
    assert_eq!(room.stored().len(), 500);
}

#[tokio::test]
async fn bad_ones_are_refused_with_what_to_change() {
    let room = Room::start().await;
    let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
    assert_eq!(room.publish(&key, "{").await.problem(), (400, "malformed"));
    assert_eq!(room.publish(&key, "7").await.problem(), (400, "malformed"));
    let bad = json!([event(), {"type": "email.exploded", "timestamp": "2026-01-02T03:04:05Z", "colour": "red"}]);
    let answer = room.publish(&key, bad.to_string()).await;
    assert_eq!(answer.problem(), (422, "invalid-request"));
    insta::assert_json_snapshot!(answer.body["errors"], @r#"
    [
      {
        "detail": "expected an event type: email.sent, email.delivered, email.deferred, email.bounced, email.rejected, email.failed, email.opened, email.clicked, email.complained, email.unsubscribed, email.subscribed, subscriber.created, subscriber.unsubscribed, email.unknown",
        "pointer": "/1/type"
      },
      {
        "detail": "unknown field",
        "pointer": "/1/colour"
      }
    ]
    "#);
    assert!(room.stored().is_empty());
}

#[tokio::test]
async fn only_keys_that_may_publish_do() {
    let room = Room::start().await;
    let other = room.world.tenant().await.unwrap();
    let body = || event().to_string();
    let refused = async |request| room.send(request, body()).await.problem().0;

    assert_eq!(refused(http::Request::post("/api/v1/events")).await, 401);
    let (_, publish) = room.key(Role::Publish, Some(room.tenant)).await;
    let wrong = format!("{}_wrong", publish.rsplit_once('_').unwrap().0);
    for key in [wrong.as_str(), "mh_admin_secret", "mh_", "nonsense"] {
        assert_eq!(refused(publication(key)).await, 401, "{key}");
    }
    let (_, read) = room.key(Role::Read, Some(room.tenant)).await;
    assert_eq!(refused(publication(&read)).await, 403);
    assert_eq!(refused(publication(&publish).header("x-tenant-id", other.to_string())).await, 403);
    assert_eq!(refused(publication(&publish).header("x-tenant-id", "acme")).await, 400);
    let (_, admin) = room.key(Role::Admin, None).await;
    assert_eq!(refused(publication(&admin)).await, 400);
    assert!(room.stored().is_empty());

    let of_admin = room.send(publication(&admin).header("x-tenant-id", other.to_string()), body()).await;
    let (id, _) = published(&of_admin).remove(0);
    assert_eq!(room.stored()[&id].tenant, other);
    let own = room.send(publication(&publish).header("x-tenant-id", room.tenant.to_string()), body()).await;
    assert_eq!(own.status, 200);
}

#[tokio::test]
async fn a_revoked_key_ends_when_the_cache_does() {
    let room = Room::start().await;
    let (stored, key) = room.key(Role::Publish, Some(room.tenant)).await;
    assert_eq!(room.publish(&key, event().to_string()).await.status, 200);
    room.world.registry.api_keys.delete(&stored).await.unwrap();
    room.world.clock.advance(SignedDuration::from_secs(30));
    let refused = room.publish(&key, event().to_string()).await;
    assert_eq!(refused.problem(), (401, "unauthorised"));
    assert_eq!(refused.headers["www-authenticate"], "Bearer");
}
