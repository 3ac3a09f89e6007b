//! The limits that an operator sets for a tenant.

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use serde_json::{Value, json};

use crate::room::{Caller, Room};

fn path(tenant: &Caller<'_>) -> String {
    format!("/api/v1/tenants/{}", tenant.tenant_id())
}

async fn limit(room: &Room, tenant: &Caller<'_>, limits: Value) {
    let answer = room.admin().patch(&path(tenant), &json!({ "limits": limits })).await;
    assert_eq!(answer.status, 200, "{answer}");
}

#[tokio::test]
async fn an_operator_changes_one_field_at_a_time() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let changed = room.admin().patch(&path(&acme), &json!({ "name": "Acme & Sons", "limits": { "keys": 7 } })).await;
    insta::assert_snapshot!(changed, @r#"
    200 {
      "created_at": "TIME",
      "id": "ten_ID",
      "limits": {
        "events_per_minute": null,
        "keys": 7,
        "sources": null,
        "webhooks": null,
        "webhooks_per_host": null
      },
      "name": "Acme & Sons",
      "suspended": false
    }
    "#);
    let limits = json!({ "limits": { "events_per_minute": 6000, "webhooks": 10, "sources": 0 } });
    room.admin().patch(&path(&acme), &limits).await;
    let changed = room.admin().patch(&path(&acme), &json!({ "limits": { "keys": null }, "suspended": true })).await;
    insta::assert_snapshot!(changed, @r#"
    200 {
      "created_at": "TIME",
      "id": "ten_ID",
      "limits": {
        "events_per_minute": 6000,
        "keys": null,
        "sources": 0,
        "webhooks": 10,
        "webhooks_per_host": null
      },
      "name": "Acme & Sons",
      "suspended": true
    }
    "#);
    assert_eq!(room.admin().get(&path(&acme)).await.body, changed.body);
    assert_eq!(room.admin().get("/api/v1/tenants").await.data(), std::slice::from_ref(&changed.body));
    assert_eq!(room.admin().patch(&path(&acme), &json!({})).await.body, changed.body);
}

#[tokio::test]
async fn only_an_admin_may_and_bad_changes_are_refused() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    assert_eq!(acme.patch(&path(&acme), &json!({ "suspended": false })).await.status, 403);
    let mut refusals = Vec::new();
    for body in [
        json!({ "name": "" }),
        json!({ "suspended": null }),
        json!({ "suspended": "yes" }),
        json!({ "limits": { "events_per_minute": 0, "webhooks_per_host": 0 } }),
        json!({ "limits": { "webhooks": -1, "sources": 1.5, "keys": "3", "tenants": 1 } }),
        json!({ "limits": { "keys": 100_000_001 } }),
        json!({ "limit": {} }),
    ] {
        refusals.push(room.admin().patch(&path(&acme), &body).await.problem());
    }
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 invalid-request: /name: 1 to 200 characters
    422 invalid-request: /suspended: expected true or false, got null; leave the field out instead
    422 invalid-request: /suspended: expected true or false, got text
    422 invalid-request: /limits/events_per_minute: expected a whole number from 1 to 100000000, got 0; /limits/webhooks_per_host: expected a whole number from 1 to 100000000, got 0
    422 invalid-request: /limits/webhooks: expected a whole number from 0 to 100000000, got -1; /limits/sources: expected a whole number from 0 to 100000000, got 1.5; /limits/keys: expected a whole number from 0 to 100000000, got text; /limits/tenants: unknown field; this object knows: events_per_minute, webhooks, webhooks_per_host, sources, keys
    422 invalid-request: /limits/keys: expected a whole number from 0 to 100000000, got 100000001
    422 invalid-request: /limit: unknown field; this object knows: name, suspended, limits
    "#);
    let nobody = format!("/api/v1/tenants/{}", crate::room::nobodys("ten_"));
    assert_eq!(room.admin().patch(&nobody, &json!({ "suspended": true })).await.status, 404);
}

#[tokio::test]
async fn one_more_than_the_limit_is_refused_until_one_is_deleted() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    // The tenant has one key.
    limit(&room, &acme, json!({ "webhooks": 2, "sources": 2, "keys": 3 })).await;
    let webhook = json!({ "url": "https://receiver.example/", "events": ["*"] });
    let source = json!({ "provider": "generic", "allow_unsigned": true });
    let key = json!({ "role": "read" });
    let mut refusals = Vec::new();
    for (place, body) in [("webhooks", webhook), ("sources", source), ("keys", key)] {
        let path = format!("/api/v1/{place}");
        let mut made = Vec::new();
        for _ in 0..2 {
            let answer = acme.post(&path, &body).await;
            assert_eq!(answer.status, 201, "{place}: {answer}");
            made.push(format!("{path}/{}", answer.text("id")));
        }
        refusals.push(acme.post(&path, &body).await.problem());
        assert_eq!(acme.delete(&made[0]).await.status, 204);
        assert_eq!(acme.delete(&made[0]).await.status, 404);
        assert_eq!(acme.post(&path, &body).await.status, 201, "{place}");
        assert_eq!(acme.post(&path, &body).await.status, 409, "{place}");
    }
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    409 limit-reached: This tenant has the maximum of 2 webhooks. Delete one first.
    409 limit-reached: This tenant has the maximum of 2 sources. Delete one first.
    409 limit-reached: This tenant has the maximum of 3 keys. Delete one first.
    "#);
    // A limit below what there is deletes nothing, and no limit is no limit.
    limit(&room, &acme, json!({ "webhooks": 0, "sources": 0, "keys": 0 })).await;
    assert_eq!(acme.get("/api/v1/sources").await.data().len(), 2);
    limit(&room, &acme, json!({ "webhooks": null, "sources": null, "keys": null })).await;
    assert_eq!(acme.post("/api/v1/keys", &json!({ "role": "read" })).await.status, 201);
}

#[tokio::test]
async fn the_other_apis_keep_the_limit_of_webhooks() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    limit(&room, &acme, json!({ "webhooks": 1 })).await;
    let webhook = json!({ "EventType": "open", "Url": "https://receiver.example/" });
    assert_eq!(acme.post("/v3/REST/eventcallbackurl", &webhook).await.status, 201);
    let webhook = json!({ "EventType": "click", "Url": "https://other.example/" });
    let refused = acme.post("/v3/REST/eventcallbackurl", &webhook).await;
    assert!((400..500).contains(&refused.status) && refused.to_string().contains("maximum of 1"), "{refused}");
}

#[tokio::test]
async fn a_limit_holds_under_races() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    limit(&room, &acme, json!({ "webhooks": 5, "sources": 5, "keys": 5 })).await;
    let webhook = json!({ "url": "https://receiver.example/", "events": ["*"] });
    let source = json!({ "provider": "generic", "allow_unsigned": true });
    for (place, body, present) in
        [("webhooks", webhook, 0), ("sources", source, 0), ("keys", json!({ "role": "read" }), 1)]
    {
        let path = format!("/api/v1/{place}");
        let answers = join_all((0..12).map(|_| acme.post(&path, &body))).await;
        let made = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(made + present, 5, "{place}");
        assert!(answers.iter().all(|answer| [201, 409].contains(&answer.status)), "{place}");
        assert_eq!(acme.get(&path).await.data().len(), 5, "{place}");
    }
}

#[tokio::test]
async fn sources_of_a_tenant_that_is_older_than_their_count_are_counted() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let source = json!({ "provider": "generic", "allow_unsigned": true });
    for _ in 0..3 {
        assert_eq!(acme.post("/api/v1/sources", &source).await.status, 201);
    }
    let own = aws_sdk_dynamodb::Client::new(&room.world.sdk).update_item().table_name("registry");
    let own = own
        .key("pk", AttributeValue::S(format!("T#{}", acme.tenant_id())))
        .key("sk", AttributeValue::S("TENANT".to_owned()));
    own.update_expression("REMOVE source_count, key_count").send().await.unwrap();
    limit(&room, &acme, json!({ "sources": 4, "keys": 2 })).await;
    let answers = join_all((0..4).map(|_| acme.post("/api/v1/sources", &source))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    assert_eq!(acme.post("/api/v1/keys", &json!({ "role": "read" })).await.status, 201);
    assert_eq!(acme.post("/api/v1/keys", &json!({ "role": "read" })).await.status, 409);
}
