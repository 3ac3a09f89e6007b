//! Tenants: how an admin makes, reads and lists them.

use serde_json::json;

use crate::room::{Room, nobodys};

#[tokio::test]
async fn an_admin_makes_reads_and_lists_them() {
    let room = Room::start().await;
    let admin = room.admin();
    let made = admin.post("/api/v1/tenants", &json!({ "name": "Acme" })).await;
    insta::assert_snapshot!(made, @r#"
    201 {
      "created_at": "TIME",
      "id": "ten_ID",
      "limits": {
        "events_per_minute": null,
        "keys": null,
        "sources": null,
        "webhooks": null,
        "webhooks_per_host": null
      },
      "name": "Acme",
      "suspended": false
    }
    "#);
    let path = format!("/api/v1/tenants/{}", made.text("id"));
    assert_eq!(admin.get(&path).await.body, made.body);

    admin.post("/api/v1/tenants", &json!({ "name": "Brown & Sons" })).await;
    let first = admin.get("/api/v1/tenants?limit=1").await;
    insta::assert_snapshot!(first, @r#"
    200 {
      "data": [
        {
          "created_at": "TIME",
          "id": "ten_ID",
          "limits": {
            "events_per_minute": null,
            "keys": null,
            "sources": null,
            "webhooks": null,
            "webhooks_per_host": null
          },
          "name": "Acme",
          "suspended": false
        }
      ],
      "next_cursor": "CURSOR"
    }
    "#);
    let second = admin.get(&format!("/api/v1/tenants?limit=1&cursor={}", first.text("next_cursor"))).await;
    assert_eq!(second.data()[0]["name"], "Brown & Sons");
}

#[tokio::test]
async fn a_tenant_sees_itself_alone() {
    let room = Room::start().await;
    let (acme, other) = (room.tenant().await, room.tenant().await);
    let path_of = |tenant: &Option<String>| format!("/api/v1/tenants/{}", tenant.as_deref().unwrap());
    assert_eq!(acme.get(&path_of(&acme.tenant)).await.status, 200);
    insta::assert_snapshot!(acme.get(&path_of(&other.tenant)).await.problem(), @"404 not-found: There is no tenant with this id.");
    insta::assert_snapshot!(acme.get("/api/v1/tenants").await.problem(), @"403 forbidden: This operation affects all tenants and requires an admin key.");
    insta::assert_snapshot!(acme.post("/api/v1/tenants", &json!({ "name": "x" })).await.problem(), @"403 forbidden: This operation affects all tenants and requires an admin key.");
    let read = room.key_of(acme.tenant.as_deref().unwrap(), "read").await;
    assert_eq!(read.get(&path_of(&acme.tenant)).await.status, 200);
}

#[tokio::test]
async fn bad_ones_are_refused() {
    let room = Room::start().await;
    let mut refusals = Vec::new();
    for body in [
        json!({}),
        json!({ "name": "" }),
        json!({ "name": 7 }),
        json!({ "name": "x".repeat(201) }),
        json!({ "name": null }),
        json!({ "nmae": "Acme" }),
    ] {
        refusals.push(room.admin().post("/api/v1/tenants", &body).await.problem());
    }
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 invalid-request: /name: is required
    422 invalid-request: /name: 1 to 200 characters
    422 invalid-request: /name: expected text, got a number
    422 invalid-request: /name: 1 to 200 characters
    422 invalid-request: /name: expected text, got null; leave the field out instead
    422 invalid-request: /name: is required; /nmae: unknown field; this object knows: name
    "#);
    let unknown = room.admin().get(&format!("/api/v1/tenants/{}", nobodys("ten_"))).await;
    insta::assert_snapshot!(unknown.problem(), @"404 not-found: There is no tenant with this id.");
    assert_eq!(room.admin().get("/api/v1/tenants/x").await.body["detail"], unknown.body["detail"]);
}
