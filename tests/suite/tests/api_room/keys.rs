//! API keys: how they are made and revoked, what each role may do, and where a request may carry a key.

use serde_json::{Value, json};

use crate::room::{Caller, Room, nobodys};

#[tokio::test]
async fn a_key_is_shown_once_and_works_until_it_is_revoked() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let made = tenant.post("/api/v1/keys", &json!({ "role": "read", "name": "dashboard" })).await;
    insta::assert_snapshot!(made, @r#"
    201 {
      "created_at": "TIME",
      "id": "key_ID",
      "key": "KEY",
      "name": "dashboard",
      "role": "read",
      "tenant_id": "ten_ID"
    }
    "#);
    let read = tenant.with_key(&made.text("key"));
    assert_eq!(read.get("/api/v1/webhooks").await.status, 200);

    let listed = tenant.get("/api/v1/keys").await;
    assert_eq!(listed.data().len(), 2);
    assert!(listed.data().iter().all(|key| key.get("key").is_none()));
    let secret = made.text("key").rsplit('_').next().unwrap().to_owned();
    let rows = format!("{:?}", room.world.aws.scan_unbroken("registry").unwrap());
    assert!(!rows.contains(&secret), "only the hash is stored");

    assert_eq!(tenant.delete(&format!("/api/v1/keys/{}", made.text("id"))).await.status, 204);
    insta::assert_snapshot!(read.get("/api/v1/webhooks").await, @r#"
    401 {
      "detail": "Send a valid API key, as `Authorization: Bearer mh_…`.",
      "request_id": "REQUEST",
      "status": 401,
      "title": "Not authorised",
      "type": "urn:mailhooks:problem:unauthorised"
    }
    "#);
    assert_eq!(tenant.get("/api/v1/keys").await.data().len(), 1);
}

#[tokio::test]
async fn roles_may_what_they_may() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let id = tenant.tenant.clone().unwrap();
    let (read, publish) = (room.key_of(&id, "read").await, room.key_of(&id, "publish").await);
    let hook = json!({ "url": "https://example.com/", "events": ["*"] });
    let mut refusals = vec![
        read.post("/api/v1/webhooks", &hook).await.problem(),
        read.post("/api/v1/keys", &json!({ "role": "read" })).await.problem(),
        publish.get("/api/v1/webhooks").await.problem(),
        publish.get("/api/v1/events").await.problem(),
        publish.get("/api/v1/keys").await.problem(),
        tenant.post("/api/v1/redrives", &json!({})).await.problem(),
    ];
    refusals.push(tenant.post("/api/v1/keys", &json!({ "role": "admin" })).await.problem());
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    403 forbidden: A key of role `read` may not do this.
    403 forbidden: A key of role `read` may not do this.
    403 forbidden: A key of role `publish` may not do this.
    403 forbidden: A key of role `publish` may not do this.
    403 forbidden: A key of role `publish` may not do this.
    403 forbidden: This operation affects all tenants and requires an admin key.
    403 forbidden: Creating an admin key requires an admin key.
    "#);
    assert_eq!(read.get("/api/v1/keys").await.status, 200);
    assert_eq!(read.get("/health").await.status, 200);
}

#[tokio::test]
async fn an_admin_makes_keys_for_anybody_and_admin_keys() {
    let room = Room::start().await;
    let admin = room.admin();
    let made = admin.post("/api/v1/keys", &json!({ "role": "admin", "name": "second" })).await;
    insta::assert_snapshot!(made, @r#"
    201 {
      "created_at": "TIME",
      "id": "key_ID",
      "key": "KEY",
      "name": "second",
      "role": "admin",
      "tenant_id": null
    }
    "#);
    let second = room.admin().with_key(&made.text("key"));
    let tenant = second.post("/api/v1/tenants", &json!({ "name": "Acme" })).await.text("id");
    let by_header = second.about(&tenant).post("/api/v1/keys", &json!({ "role": "tenant" })).await;
    assert_eq!(by_header.body["tenant_id"], tenant.as_str());
    assert_eq!(admin.get("/api/v1/keys").await.data().len(), 1);
    assert_eq!(admin.about(&tenant).get("/api/v1/keys").await.data().len(), 1);
}

#[tokio::test]
async fn bad_ones_are_refused() {
    let room = Room::start().await;
    let (acme, other) = (room.tenant().await, room.tenant().await);
    let admin = room.admin();
    let post = async |caller: &Caller<'_>, body: Value| caller.post("/api/v1/keys", &body).await.problem();
    let refusals = [
        post(&admin, json!({ "role": "tenant" })).await,
        post(&admin, json!({ "role": "owner", "name": "x".repeat(201), "expires": 1 })).await,
        post(&admin, json!({ "role": "admin", "tenant_id": acme.tenant })).await,
        post(&admin, json!({ "role": "read", "tenant_id": nobodys("ten_") })).await,
        post(&admin, json!({ "role": "read", "tenant_id": "acme" })).await,
        post(&acme, json!({ "role": "read", "tenant_id": other.tenant })).await,
        acme.delete("/api/v1/keys/nonsense").await.problem(),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 invalid-request: /tenant_id: is required for a key of this role
    422 invalid-request: /role: unknown role; there are: admin, tenant, publish, read; /name: at most 200 characters; /expires: unknown field; this object knows: role, name, tenant_id
    422 invalid-request: /tenant_id: an admin key belongs to no tenant; leave it out
    422 invalid-request: /tenant_id: there is no such tenant
    422 invalid-request: /tenant_id: expected `ten_` followed by 26 characters of Crockford base32 (digits and upper-case letters without I, L, O, U)
    403 forbidden: A tenant can create keys for itself only; leave `tenant_id` out.
    404 not-found: There is no key with this id.
    "#);
    let others_key = other.get("/api/v1/keys").await.data()[0]["id"].as_str().unwrap().to_owned();
    insta::assert_snapshot!(acme.delete(&format!("/api/v1/keys/{others_key}")).await.problem(), @"404 not-found: There is no key with this id.");
}

#[tokio::test]
async fn are_taken_as_other_systems_clients_carry_them() {
    use axum::body::Body;
    use axum::http::Request;
    use base64::prelude::{BASE64_STANDARD, Engine as _};

    let room = Room::start().await;
    let acme = room.tenant().await;
    let (id, secret) = acme.key.strip_prefix("mh_").unwrap().split_once('_').unwrap();
    let status = async |user: &str, password: &str| {
        let credentials = BASE64_STANDARD.encode(format!("{user}:{password}"));
        let request = Request::get("/api/v1/webhooks").header("authorization", format!("Basic {credentials}"));
        room.send(request.body(Body::empty()).unwrap()).await.status
    };
    assert_eq!(status(id, secret).await, 200);
    assert_eq!(status(&format!("key_{id}"), secret).await, 200);
    assert_eq!(status("api", &acme.key).await, 200);
    assert_eq!(status("api", secret).await, 401);
    assert_eq!(status(id, "0000").await, 401);
}
