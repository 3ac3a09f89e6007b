//! Rows that a newer release has written: each fails alone. Lists name it, nothing changes it, and it can be deleted.

use serde_json::{Value, json};
use shared::delivery::{DeliveryState, Outcome};

use crate::deliveries::written;
use crate::room::{Caller, Room};

/// Changes of a webhook's row after which this release cannot act for the webhook.
fn spoilt() -> Vec<(&'static str, Value)> {
    vec![
        ("dialect", json!({ "S": "zz_new" })),
        ("url", json!({ "S": "zz-new://receiver.example/1" })),
        ("backup_url", json!({ "S": "zz-new://receiver.example/1" })),
        ("retry_policy", json!({ "S": "zz_new" })),
        ("disabled", json!({ "S": "zz_new" })),
        ("types", json!({ "L": [{ "S": "zz_new" }] })),
        ("secret", json!({ "S": "zz:9:sealed in another form" })),
        ("batch", json!({ "N": "500" })),
        ("v", json!({ "N": "3" })),
    ]
}

fn webhook(number: u8) -> Value {
    json!({ "url": format!("https://receiver.example/{number}"), "events": ["*"] })
}

async fn ids(tenant: &Caller<'_>, path: &str) -> Vec<(String, bool)> {
    let list = tenant.get(path).await;
    assert_eq!(list.status, 200, "{list}");
    let entry = |entry: &Value| (entry["id"].as_str().unwrap().to_owned(), entry["unreadable"] == true);
    list.data().iter().map(entry).collect()
}

const PROBLEM: (u16, &str) = (409, "urn:mailhooks:problem:newer-release");

#[tokio::test]
async fn a_webhook_that_cannot_be_read_is_listed_and_deleted_and_the_others_are_served() {
    for (field, value) in spoilt() {
        let room = Room::start().await;
        let acme = room.tenant().await;
        let newer = acme.post("/api/v1/webhooks", &webhook(1)).await.text("id");
        let other = acme.post("/api/v1/webhooks", &webhook(2)).await.text("id");
        room.world.edit_row("registry", &format!("W#{newer}"), |row| row[field] = value.clone()).unwrap();

        let listed = ids(&acme, "/api/v1/webhooks").await;
        assert_eq!(listed, [(newer.clone(), true), (other.clone(), false)], "{field}");
        let path = format!("/api/v1/webhooks/{newer}");
        for answer in [
            acme.get(&path).await,
            acme.patch(&path, &json!({ "paused": true })).await,
            acme.post(&format!("{path}/rotate-secret"), &json!({})).await,
            acme.post(&format!("{path}/test"), &json!({ "event_type": "email.delivered" })).await,
        ] {
            assert_eq!((answer.status, answer.text("type").as_str()), PROBLEM, "{field}");
        }
        assert_eq!(acme.patch(&format!("/api/v1/webhooks/{other}"), &json!({ "paused": true })).await.status, 200);
        assert_eq!(acme.post("/api/v1/webhooks", &webhook(3)).await.status, 201, "{field}");
        for path in ["/v3/domains/acme.example/webhooks", "/v3/REST/eventcallbackurl", "/api/webhooks/manage"] {
            assert_eq!(acme.get(path).await.status, 200, "{field} {path}");
        }
        let url = json!({ "EventType": "open", "Url": "https://receiver.example/4" });
        assert_eq!(acme.post("/v3/REST/eventcallbackurl", &url).await.status, 201, "{field}");
        assert_eq!(acme.get("/api/v1/dead-letters").await.status, 200, "{field}");
        let tenant = format!("/api/v1/tenants/{}", acme.tenant_id());
        for suspended in [true, false] {
            assert_eq!(room.admin().patch(&tenant, &json!({ "suspended": suspended })).await.status, 200, "{field}");
        }

        assert_eq!(acme.delete(&path).await.status, 204, "{field}");
        assert_eq!(acme.delete(&path).await.status, 404, "{field}");
        assert_eq!(ids(&acme, "/api/v1/webhooks").await.len(), 3, "{field}");
    }
}

#[tokio::test]
async fn a_host_limit_is_counted_although_a_webhook_cannot_be_read() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let newer = acme.post("/api/v1/webhooks", &webhook(1)).await.text("id");
    acme.post("/api/v1/webhooks", &webhook(2)).await;
    room.world.edit_row("registry", &format!("W#{newer}"), |row| row["url"] = json!({ "S": "zz:new" })).unwrap();
    let tenant = format!("/api/v1/tenants/{}", acme.tenant_id());
    let limit = json!({ "limits": { "webhooks_per_host": 2 } });
    assert_eq!(room.admin().patch(&tenant, &limit).await.status, 200);
    assert_eq!(acme.post("/api/v1/webhooks", &webhook(3)).await.status, 201);
    assert_eq!(acme.post("/api/v1/webhooks", &webhook(4)).await.status, 409);
}

#[tokio::test]
async fn a_source_that_cannot_be_read_is_listed_and_deleted() {
    for (field, value) in [("provider", json!({ "S": "zz_new" })), ("v", json!({ "N": "3" }))] {
        let room = Room::start().await;
        let acme = room.tenant().await;
        let source = json!({ "provider": "generic", "name": "one" });
        let newer = acme.post("/api/v1/sources", &source).await.text("id");
        let other = acme.post("/api/v1/sources", &source).await.text("id");
        let key = format!("S#{newer}");
        room.world.edit_row("registry", &key, |row| row[field] = value.clone()).unwrap();
        let listed = ids(&acme, "/api/v1/sources").await;
        assert_eq!(listed, [(newer.clone(), true), (other.clone(), false)], "{field}");
        let path = format!("/api/v1/sources/{newer}");
        for answer in [acme.get(&path).await, acme.patch(&path, &json!({ "name": "two" })).await] {
            assert_eq!((answer.status, answer.text("type").as_str()), PROBLEM, "{field}");
        }
        assert_eq!(acme.delete(&path).await.status, 204, "{field}");
        assert_eq!(ids(&acme, "/api/v1/sources").await, [(other, false)], "{field}");
        let keys = room.world.aws.scan_unbroken("registry").unwrap();
        let keys = keys.iter().filter(|row| row["pk"].as_s().unwrap().starts_with("I#"));
        assert_eq!(keys.count(), 1, "its ingest key is gone");
    }
}

#[tokio::test]
async fn a_key_of_a_role_that_is_not_known_has_no_rights() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let made = acme.post("/api/v1/keys", &json!({ "role": "read" })).await;
    let (id, key) = (made.text("id"), made.text("key"));
    let rows = room.world.aws.scan_unbroken("registry").unwrap();
    for row in rows.into_iter().filter(|row| row.get("id").is_some_and(|of| of.as_s() == Ok(&id))) {
        let mut row = serde_json::to_value(serde_dynamo::Item::from(row)).unwrap();
        row["role"] = json!({ "S": "zz_new" });
        room.world.put_row("registry", row).unwrap();
    }
    let newer = acme.with_key(&key);
    for path in ["/api/v1/webhooks", "/api/v1/keys", "/api/v1/event-types", "/api/v1/tenants"] {
        assert_eq!(newer.get(path).await.status, 403, "{path}");
    }
    let wrong = acme.with_key(&format!("{}x", &key[..key.len() - 1]));
    assert_eq!(wrong.get("/api/v1/webhooks").await.status, 401);
    let listed = acme.get("/api/v1/keys").await;
    assert_eq!(listed.data().last().unwrap()["role"], "zz_new", "{listed}");
    assert_eq!(acme.delete(&format!("/api/v1/keys/{id}")).await.status, 204);
}

#[tokio::test]
async fn settings_of_a_newer_release_stop_only_what_needs_them() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let path = format!("/api/v1/tenants/{}/settings", acme.tenant_id());
    assert_eq!(acme.patch(&path, &json!({ "default_dialect": "mailgun" })).await.status, 200);
    room.world.edit_row("registry", "SETTINGS", |row| row["default_dialect"] = json!({ "S": "zz_new" })).unwrap();
    assert_eq!(acme.get(&path).await.body["default_dialect"], "zz_new");
    let refused = acme.post("/api/v1/webhooks", &webhook(1)).await;
    assert_eq!((refused.status, refused.text("type").as_str()), PROBLEM);
    let explicit = json!({ "url": "https://receiver.example/", "events": ["*"], "dialect": "standard" });
    assert_eq!(acme.post("/api/v1/webhooks", &explicit).await.status, 201);
}

#[tokio::test]
async fn a_delivery_that_cannot_be_read_is_listed() {
    for (field, value) in [("state", "zz_new"), ("type", "zz.new"), ("reason", "zz_new")] {
        let room = Room::start().await;
        let acme = room.tenant().await;
        let webhook = room.world.webhook(acme.tenant_id(), "http://127.0.0.1:9/").await.unwrap();
        let (newer, other) = (room.world.event(acme.tenant_id(), "a"), room.world.event(acme.tenant_id(), "b"));
        let dead = DeliveryState::Dead { reason: shared::delivery::DeadReason::AttemptsExhausted };
        for event in [&newer, &other] {
            room.world.events.put(event).await.unwrap();
            written(&room, &webhook, event, dead, Outcome::Timeout).await;
        }
        let key = newer.id.to_string();
        room.world.edit_row("deliveries", &key, |row| row[field] = json!({ "S": value })).unwrap();
        let unreadable =
            json!({ "webhook_id": webhook.id.to_string(), "event_id": newer.id.to_string(), "unreadable": true });
        for path in [format!("/api/v1/webhooks/{}/deliveries", webhook.id), "/api/v1/dead-letters".to_owned()] {
            let list = acme.get(&path).await;
            assert_eq!(list.data().len(), 2, "{field} {list}");
            assert!(list.data().contains(&unreadable), "{field} {list}");
        }
        let of_event = acme.get(&format!("/api/v1/events/{}/deliveries", newer.id)).await;
        assert_eq!(of_event.data(), [unreadable], "{field}");
        let one = acme.get(&format!("/api/v1/webhooks/{}/deliveries/{}", webhook.id, newer.id)).await;
        assert_eq!((one.status, one.text("type").as_str()), PROBLEM, "{field}");
    }
}

#[tokio::test]
async fn a_tenant_that_cannot_be_read_is_listed() {
    let room = Room::start().await;
    let (newer, other) = (room.tenant().await.tenant_id(), room.tenant().await.tenant_id());
    let key = newer.to_string();
    room.world.edit_row("registry", &key, |row| row["v"] = json!({ "N": "3" })).unwrap();
    let listed = ids(&room.admin(), "/api/v1/tenants").await;
    assert_eq!(listed, [(newer.to_string(), true), (other.to_string(), false)]);
}
