//! The scheme that a webhook signs with, and the public keys of webhooks that sign `v1a`.

use axum::body::Body;
use axum::http::Request;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::room::{Caller, Room, nobodys};

/// The key of the Standard Webhooks libraries' own tests.
const KEY: &str = "whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==";
const PUBLIC_KEY: &str = "whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=";

fn hook(more: &Value) -> Value {
    let mut hook = json!({ "url": "https://example.com/hook", "events": ["*"] });
    hook.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    hook
}

async fn key_set(caller: &Caller<'_>) -> Vec<Value> {
    let path = format!("/.well-known/webhooks/{}", caller.tenant.as_deref().unwrap());
    let answer = Caller::get(caller, &path).await;
    assert_eq!(answer.status, 200, "{answer}");
    answer.body["keys"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_key_is_made_or_taken_and_only_its_public_half_is_shown() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let made = tenant.post("/api/v1/webhooks", &hook(&json!({ "signature": "v1a" }))).await;
    assert_eq!((made.status, made.text("signature").as_str()), (201, "v1a"));
    assert!(made.text("public_key").starts_with("whpk_") && made.body.get("secret").is_none());
    let given = tenant.post("/api/v1/webhooks", &hook(&json!({ "secret": KEY }))).await;
    assert_eq!((given.text("signature").as_str(), given.text("public_key").as_str()), ("v1a", PUBLIC_KEY));
    assert!(!given.body.to_string().contains("whsk_"));
    // A text that only begins like an ed25519 key is a shared secret.
    let other = json!({ "secret": "whsk_bcUrWCxnFdULeBuDW6zfGe6Z" });
    let other = tenant.post("/api/v1/webhooks", &hook(&other)).await;
    assert_eq!((other.text("signature").as_str(), other.body.get("public_key")), ("v1", None));

    let mut listed: Vec<_> = key_set(&tenant).await.iter().map(|key| key["kid"].clone()).collect();
    let mut shown = vec![made.body["public_key_id"].clone(), given.body["public_key_id"].clone()];
    listed.sort_by_key(Value::to_string);
    shown.sort_by_key(Value::to_string);
    assert_eq!(listed, shown);
    let of_given = json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA",
        "x": "1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4", "kid": "rEltOPXl-8jZfn0NbO5yMzHDi5e-WdjzkrFUUcp6oIE" });
    assert!(key_set(&tenant).await.contains(&of_given));
}

#[tokio::test]
async fn what_does_not_fit_together_is_refused() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let refused = async |more: Value| tenant.post("/api/v1/webhooks", &hook(&more)).await.problem();
    insta::assert_snapshot!(refused(json!({ "signature": "v2" })).await, @"422 invalid-request: /signature: unknown signature; there are: v1, v1a");
    insta::assert_snapshot!(refused(json!({ "signature": "v1", "secret": KEY })).await, @r#"422 invalid-request: /secret: an ed25519 key signs `v1a`; give a shared secret, or `"signature": "v1a"`"#);
    insta::assert_snapshot!(refused(json!({ "signature": "v1a", "secret": "a shared secret" })).await, @"422 invalid-request: /secret: for `v1a` a secret is `whsk_` and base64 of an ed25519 key: its seed of 32 bytes, or the 64 of seed and public key");
    insta::assert_snapshot!(refused(json!({ "signature": "v1a", "dialect": "platform" })).await, @"422 invalid-request: /signature: the dialect `platform` signs with a shared secret (`v1`) only");

    let made = tenant.post("/api/v1/webhooks", &hook(&json!({ "signature": "v1a" }))).await;
    let path = format!("/api/v1/webhooks/{}", made.text("id"));
    let patched = tenant.patch(&path, &json!({ "dialect": "platform" })).await.problem();
    insta::assert_snapshot!(patched, @"422 invalid-request: /dialect: the dialect `platform` signs with a shared secret (`v1`) only");
    let platform = tenant.post("/api/v1/webhooks", &hook(&json!({ "dialect": "platform" }))).await;
    let path = format!("/api/v1/webhooks/{}/rotate-secret", platform.text("id"));
    let rotated = tenant.post(&path, &json!({ "signature": "v1a" })).await.problem();
    insta::assert_snapshot!(rotated, @"422 invalid-request: /signature: the dialect `platform` signs with a shared secret (`v1`) only");
}

#[tokio::test]
async fn a_rotation_keeps_the_scheme_or_changes_it_and_both_keys_are_served_until_it_ends() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let made = tenant.post("/api/v1/webhooks", &hook(&json!({}))).await;
    assert!(key_set(&tenant).await.is_empty());
    let path = format!("/api/v1/webhooks/{}/rotate-secret", made.text("id"));
    let changed = tenant.post(&path, &json!({ "signature": "v1a" })).await;
    assert_eq!(key_set(&tenant).await.len(), 1);
    let again = tenant.post(&path, &json!({ "overlap_seconds": 600 })).await;
    assert_eq!(again.text("signature"), "v1a");
    assert_ne!(again.text("public_key"), changed.text("public_key"));
    room.world.clock.advance(SignedDuration::from_secs(30));
    assert_eq!(key_set(&tenant).await.len(), 2);
    room.world.clock.advance(SignedDuration::from_secs(600));
    let left = key_set(&tenant).await;
    assert_eq!((left.len(), &left[0]["kid"]), (1, &again.body["public_key_id"]));
    let back = tenant.post(&path, &json!({ "signature": "v1", "overlap_seconds": 0 })).await;
    assert_eq!((back.text("signature").as_str(), back.text("secret").len()), ("v1", 50));
}

#[tokio::test]
async fn key_sets_are_for_everybody_and_do_not_tell_who_exists() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    tenant.post("/api/v1/webhooks", &hook(&json!({ "signature": "v1a" }))).await;
    let of = async |id: &str| {
        let request = Request::get(format!("/.well-known/webhooks/{id}")).body(Body::empty());
        let answer = room.send(request.unwrap()).await;
        (answer.status, answer.body["keys"].as_array().unwrap().len())
    };
    assert_eq!(of(tenant.tenant.as_deref().unwrap()).await, (200, 1));
    assert_eq!(of(&nobodys("ten_")).await, (200, 0));
    assert_eq!(of("nobody").await, (200, 0));
}
