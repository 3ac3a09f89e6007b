use serde_json::{Value, json};
use shared::source::{IngestKeyHash, Verification};

use crate::room::{Room, nobodys};

/// A P-256 public key as SendGrid shows it (the one in its libraries' tests).
const PUBLIC_KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";

fn mailgun() -> Value {
    json!({ "provider": "mailgun", "name": "EU", "verification": { "signing_key": "key-0123456789" } })
}

#[tokio::test]
async fn are_made_and_show_their_ingest_key_once() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let made = tenant.post("/api/v1/sources", &mailgun()).await;
    insta::assert_snapshot!(made, @r#"
    201 {
      "created_at": "TIME",
      "id": "src_ID",
      "ingest_key": "mhi_HEX",
      "ingest_path": "/api/webhooks/mhi_HEX",
      "ingest_url": "https://hooks.example.com/api/webhooks/mhi_HEX",
      "name": "EU",
      "provider": "mailgun",
      "updated_at": "TIME",
      "verification": {
        "kind": "signing_key"
      }
    }
    "#);
    let path = format!("/api/v1/sources/{}", made.text("id"));
    let read = tenant.get(&path).await;
    insta::assert_snapshot!(read, @r#"
    200 {
      "created_at": "TIME",
      "id": "src_ID",
      "name": "EU",
      "provider": "mailgun",
      "updated_at": "TIME",
      "verification": {
        "kind": "signing_key"
      }
    }
    "#);
    assert_eq!(tenant.get("/api/v1/sources").await.data(), [read.body]);

    let hash = IngestKeyHash::of(&made.text("ingest_key"));
    let (owner, id) = room.world.registry.find_ingest_key(&hash).await.unwrap().unwrap();
    assert_eq!((owner, id.to_string()), (tenant.tenant_id(), made.text("id")));
    let rows = format!("{:?}", room.world.aws.scan_unbroken("registry").unwrap());
    assert!(!rows.contains(&made.text("ingest_key")), "only the hash is stored");
}

#[tokio::test]
async fn of_every_provider() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut kinds = Vec::new();
    for body in [
        json!({ "provider": "sendgrid", "verification": { "public_key": PUBLIC_KEY } }),
        json!({ "provider": "sendgrid", "allow_unsigned": true }),
        json!({ "provider": "mailgun", "allow_unsigned": true }),
        json!({ "provider": "generic" }),
    ] {
        let made = tenant.post("/api/v1/sources", &body).await;
        kinds.push(format!("{} {} {}", made.status, made.text("provider"), made.body["verification"]["kind"]));
    }
    insta::assert_snapshot!(kinds.join("\n"), @r#"
    201 sendgrid "public_key"
    201 sendgrid "unsigned"
    201 mailgun "unsigned"
    201 generic "unsigned"
    "#);
}

#[tokio::test]
async fn bad_ones_are_refused_with_what_to_change() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut refusals = Vec::new();
    for body in [
        json!({}),
        json!({ "provider": "postbox" }),
        json!({ "provider": "own" }),
        json!({ "provider": "mailgun" }),
        json!({ "provider": "sendgrid", "allow_unsigned": false }),
        json!({ "provider": "mailgun", "verification": { "public_key": PUBLIC_KEY } }),
        json!({ "provider": "sendgrid", "verification": { "signing_key": "x" } }),
        json!({ "provider": "generic", "verification": { "signing_key": "x" } }),
        json!({ "provider": "mailgun", "verification": { "signing_key": "" } }),
        json!({ "provider": "mailgun", "verification": {} }),
        json!({ "provider": "mailgun", "verification": { "signing_key": "x", "public_key": PUBLIC_KEY } }),
        json!({ "provider": "mailgun", "verification": { "signing_key": "x" }, "allow_unsigned": true }),
        json!({ "provider": "sendgrid", "verification": { "public_key": "not base64" } }),
        json!({ "provider": "sendgrid", "verification": { "public_key": "AAAA" } }),
        json!({ "provider": "generic", "name": "x".repeat(201), "region": "eu" }),
    ] {
        refusals.push(tenant.post("/api/v1/sources", &body).await.problem());
    }
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 invalid-request: /provider: is required
    422 invalid-request: /provider: unknown provider; there are: mailgun, sendgrid, generic
    422 invalid-request: /provider: unknown provider; there are: mailgun, sendgrid, generic
    422 invalid-request: /verification: mailgun signs its posts: give {"signing_key": …}, or say "allow_unsigned": true to take posts from whoever knows the ingest key
    422 invalid-request: /verification: sendgrid signs its posts: give {"public_key": …}, or say "allow_unsigned": true to take posts from whoever knows the ingest key
    422 invalid-request: /verification: mailgun is verified with a `signing_key`
    422 invalid-request: /verification: sendgrid is verified with a `public_key`
    422 invalid-request: /verification: posts of generic are not signed; leave it out
    422 invalid-request: /verification/signing_key: 1 to 1024 bytes
    422 invalid-request: /verification: give `signing_key` or `public_key`, whichever the provider has
    422 invalid-request: /verification/public_key: give one of `signing_key` and `public_key`
    422 invalid-request: /allow_unsigned: contradicts `verification`; give one of them
    422 invalid-request: /verification/public_key: expected a P-256 public key as base64 of its DER SubjectPublicKeyInfo, as SendGrid shows it
    422 invalid-request: /verification/public_key: expected a P-256 public key as base64 of its DER SubjectPublicKeyInfo, as SendGrid shows it
    422 invalid-request: /name: at most 200 characters; /region: unknown field; this object knows: provider, name, verification, allow_unsigned
    "#);
    assert_eq!(tenant.get("/api/v1/sources").await.data().len(), 0, "nothing was stored");
}

#[tokio::test]
async fn a_patch_changes_name_and_verification() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = format!("/api/v1/sources/{}", tenant.post("/api/v1/sources", &mailgun()).await.text("id"));
    let patched = tenant.patch(&path, &json!({ "name": "US", "verification": { "signing_key": "key-2" } })).await;
    insta::assert_snapshot!(patched, @r#"
    200 {
      "created_at": "TIME",
      "id": "src_ID",
      "name": "US",
      "provider": "mailgun",
      "updated_at": "TIME",
      "verification": {
        "kind": "signing_key"
      }
    }
    "#);
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let stored = room.world.registry.get_source(tenant.tenant_id(), id).await.unwrap().unwrap();
    assert!(matches!(stored.trust.verification, Verification::SigningKey(key) if key.expose() == "key-2"));
    assert_eq!(tenant.patch(&path, &json!({ "name": "" })).await.body["verification"]["kind"], "signing_key");
    let unsigned = tenant.patch(&path, &json!({ "allow_unsigned": true })).await;
    assert_eq!(unsigned.body["verification"]["kind"], "unsigned");
    let refusals = [
        tenant.patch(&path, &json!({ "provider": "sendgrid" })).await.problem(),
        tenant.patch(&path, &json!({ "verification": { "public_key": PUBLIC_KEY } })).await.problem(),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 invalid-request: /provider: unknown field; this object knows: name, verification, allow_unsigned
    422 invalid-request: /verification: mailgun is verified with a `signing_key`
    "#);
}

#[tokio::test]
async fn a_rotated_key_replaces_the_old_one() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let made = tenant.post("/api/v1/sources", &mailgun()).await;
    let path = format!("/api/v1/sources/{}", made.text("id"));
    let rotated = tenant.post_nothing(&format!("{path}/rotate-key")).await;
    insta::assert_snapshot!(rotated, @r#"
    200 {
      "created_at": "TIME",
      "id": "src_ID",
      "ingest_key": "mhi_HEX",
      "ingest_path": "/api/webhooks/mhi_HEX",
      "ingest_url": "https://hooks.example.com/api/webhooks/mhi_HEX",
      "name": "EU",
      "provider": "mailgun",
      "updated_at": "TIME",
      "verification": {
        "kind": "signing_key"
      }
    }
    "#);
    let find = async |key: String| room.world.registry.find_ingest_key(&IngestKeyHash::of(&key)).await.unwrap();
    assert!(find(made.text("ingest_key")).await.is_none());
    assert!(find(rotated.text("ingest_key")).await.is_some());

    assert_eq!(tenant.delete(&path).await.status, 204);
    assert!(find(rotated.text("ingest_key")).await.is_none());
    assert_eq!(tenant.get(&path).await.status, 404);
}

#[tokio::test]
async fn another_tenants_are_not_there() {
    let room = Room::start().await;
    let (acme, other) = (room.tenant().await, room.tenant().await);
    let path = format!("/api/v1/sources/{}", other.post("/api/v1/sources", &mailgun()).await.text("id"));
    let refusals = [
        acme.get(&path).await.problem(),
        acme.patch(&path, &json!({ "name": "mine" })).await.problem(),
        acme.delete(&path).await.problem(),
        acme.post_nothing(&format!("{path}/rotate-key")).await.problem(),
        acme.get(&format!("/api/v1/sources/{}", nobodys("src_"))).await.problem(),
    ];
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    404 not-found: There is no source with this id.
    404 not-found: There is no source with this id.
    404 not-found: There is no source with this id.
    404 not-found: There is no source with this id.
    404 not-found: There is no source with this id.
    "#);
}
