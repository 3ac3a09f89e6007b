//! A real Mailgun body, signed with a test key.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tests::support::Receiver;

use crate::stack::{Stack, eventually};

const KEY: &str = "TEST_WEBHOOK_SIGNING_KEY";
const DELIVERED: &str = include_str!("../../fixtures/mailgun/delivered.json");

/// The fixture with a fresh signature block; the event itself stays as it is.
fn signed(token: &str) -> Value {
    let mut body: Value = serde_json::from_str(DELIVERED).unwrap();
    let timestamp = shared::clock::Clock::default().now().as_second().to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
    mac.update(format!("{timestamp}{token}").as_bytes());
    let signature = hex::encode(mac.finalize().into_bytes());
    body["signature"] = json!({"timestamp": timestamp, "token": token, "signature": signature});
    body
}

#[tokio::test]
async fn is_delivered_once_and_verifies() {
    let stack = Stack::deployed();
    let tenant = stack.tenant().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = tenant.create("/api/v1/webhooks", json!({"url": receiver.url("/hook"), "events": ["*"]})).await;
    let source = json!({"provider": "mailgun", "verification": {"signing_key": KEY}});
    let source = tenant.create("/api/v1/sources", source).await;
    let path = source["ingest_path"].as_str().unwrap();
    Stack::sensitive(KEY);
    Stack::sensitive("recipient@example.com");

    let body = signed(&"ab".repeat(25)).to_string().into_bytes();
    assert_eq!(stack.post(path, &[], body.clone()).await.status, 200);
    let got = eventually(30, "the delivery", || async { receiver.received("/hook").first().cloned() }).await;
    assert!(got.verifies_with(webhook["secret"].as_str().unwrap()));
    let sent: Value = serde_json::from_slice(&got.body).unwrap();
    assert_eq!(sent["type"], "email.delivered");
    assert_eq!(sent["data"]["message_id"], "20180812211713.1.DF5966851B4BAA99@example.org");

    // A provider's retry of the same body: 200, and nothing new. A second event, sent afterwards and received, shows
    // that whatever the retry had caused would have been received by then.
    assert_eq!(stack.post(path, &[], body).await.status, 200);
    let later = tenant.publish("after-the-retry").await;
    eventually(30, "the later event", || async {
        receiver.received("/hook").iter().any(|request| request.webhook_id() == later).then_some(())
    })
    .await;
    let of_mailgun = receiver.received("/hook").iter().filter(|request| request.webhook_id() != later).count();
    assert_eq!(of_mailgun, 1);
}

#[tokio::test]
async fn a_spoiled_signature_is_refused_and_stores_nothing() {
    let stack = Stack::deployed();
    let tenant = stack.tenant().await;
    let source = json!({"provider": "mailgun", "verification": {"signing_key": KEY}});
    let source = tenant.create("/api/v1/sources", source).await;
    let mut body = signed(&"cd".repeat(25));
    body["signature"]["signature"] = json!("0".repeat(64));
    let path = source["ingest_path"].as_str().unwrap();
    assert_eq!(stack.post(path, &[], body.to_string().into_bytes()).await.status, 401);
    let events = tenant.get("/api/v1/events?from=2018-08-12T00:00:00Z&to=2018-08-13T00:00:00Z").await;
    assert_eq!(events["data"], json!([]));
}
