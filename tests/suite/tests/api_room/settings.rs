//! A tenant's defaults for its new webhooks.

use serde_json::json;

use crate::room::Room;

#[tokio::test]
async fn a_tenant_settles_the_dialect_of_its_new_webhooks() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let path = format!("/api/v1/tenants/{}/settings", acme.tenant.clone().unwrap());
    let unset = json!({ "default_dialect": "standard", "has_webhook_secret": false });
    assert_eq!(acme.get(&path).await.body, unset);

    let before = acme.post("/api/v1/webhooks", &json!({ "url": "https://example.com/", "events": ["*"] })).await;
    let set = acme.patch(&path, &json!({ "default_dialect": "mailtura" })).await;
    assert_eq!((set.status, &set.body["default_dialect"]), (200, &json!("mailtura")));
    let bounced = json!({ "url": "https://example.com/", "events": ["bounced"] });
    let made = acme.post("/api/v1/webhooks", &bounced).await;
    assert_eq!((made.status, &made.body["dialect"], &made.body["timeout_ms"]), (201, &json!("mailtura"), &json!(5000)));
    let named = json!({ "url": "https://example.com/", "events": ["bounce"], "dialect": "platform" });
    assert_eq!(acme.post("/api/v1/webhooks", &named).await.body["dialect"], "platform");
    let unchanged = acme.get(&format!("/api/v1/webhooks/{}", before.text("id"))).await;
    assert_eq!(unchanged.body["dialect"], "standard");

    acme.patch(&path, &json!({ "default_dialect": null })).await;
    assert_eq!(acme.get(&path).await.body, unset);
}

#[tokio::test]
async fn the_secret_of_a_tenant_is_taken_and_never_shown() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let path = format!("/api/v1/tenants/{}/settings", acme.tenant.clone().unwrap());
    let set = acme.patch(&path, &json!({ "webhook_secret": "key-0123456789abcdef" })).await;
    assert_eq!((set.status, set.body), (200, json!({ "default_dialect": "standard", "has_webhook_secret": true })));
    acme.patch(&path, &json!({ "default_dialect": "mailgun" })).await;
    assert_eq!(acme.get(&path).await.body, json!({ "default_dialect": "mailgun", "has_webhook_secret": true }));
    acme.patch(&path, &json!({ "webhook_secret": null })).await;
    assert_eq!(acme.get(&path).await.body["has_webhook_secret"], false);
}

#[tokio::test]
async fn settings_are_for_those_who_manage_the_tenant() {
    let room = Room::start().await;
    let (acme, other) = (room.tenant().await, room.tenant().await);
    let path = format!("/api/v1/tenants/{}/settings", acme.tenant.clone().unwrap());
    let change = json!({ "default_dialect": "mailgun" });
    let read = room.key_of(acme.tenant.as_deref().unwrap(), "read").await;
    assert_eq!((read.get(&path).await.status, read.patch(&path, &change).await.status), (200, 403));
    let publish = room.key_of(acme.tenant.as_deref().unwrap(), "publish").await;
    assert_eq!((publish.get(&path).await.status, publish.patch(&path, &change).await.status), (403, 403));
    assert_eq!((other.get(&path).await.status, other.patch(&path, &change).await.status), (404, 404));
    assert_eq!(room.admin().patch(&path, &change).await.status, 200);

    let refused = async |body| acme.patch(&path, &body).await.problem();
    insta::assert_snapshot!(refused(json!({ "default_dialect": "klingon" })).await, @"422 invalid-request: /default_dialect: unknown dialect; there are: standard, platform, mailgreet, mailjet, mailjet_v2, mailgun, mailgun_legacy, mailtura");
    insta::assert_snapshot!(refused(json!({ "webhook_secret": "short" })).await, @"422 invalid-request: /webhook_secret: a secret is `whsec_` and base64 of 24 to 64 bytes, or any other 8 to 256 printable ASCII characters");
    let key_pair = json!({ "webhook_secret": "whsk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" });
    insta::assert_snapshot!(refused(key_pair).await, @"422 invalid-request: /webhook_secret: an ed25519 key signs for one webhook; give a shared secret");
    insta::assert_snapshot!(refused(json!({ "name": "x" })).await, @"422 invalid-request: /name: unknown field; this object knows: default_dialect, webhook_secret");
}
