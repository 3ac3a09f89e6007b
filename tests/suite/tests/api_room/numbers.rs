//! The numbers of webhooks. Management APIs with integer ids use them as ids.

use futures::future::join_all;
use serde_json::json;

use crate::room::Room;

#[tokio::test]
async fn are_counted_for_each_tenant_and_never_given_twice() {
    let room = Room::start().await;
    let (acme, other) = (room.tenant().await, room.tenant().await);
    let body = json!({ "url": "https://example.com/", "events": ["*"] });
    let first = acme.post("/api/v1/webhooks", &body).await;
    let second = acme.post("/api/v1/webhooks", &body).await;
    assert_eq!((&first.body["number"], &second.body["number"]), (&json!(1), &json!(2)));
    acme.delete(&format!("/api/v1/webhooks/{}", second.text("id"))).await;
    assert_eq!(acme.post("/api/v1/webhooks", &body).await.body["number"], 3);
    assert_eq!(other.post("/api/v1/webhooks", &body).await.body["number"], 1);
    let patched = acme.patch(&format!("/api/v1/webhooks/{}", first.text("id")), &json!({ "paused": true })).await;
    assert_eq!(patched.body["number"], 1);
}

#[tokio::test]
async fn of_webhooks_made_at_the_same_moment_differ() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let body = json!({ "url": "https://example.com/", "events": ["*"] });
    let made = join_all((0..50).map(|_| acme.post("/api/v1/webhooks", &body))).await;
    let mut numbers: Vec<_> = made.iter().map(|answer| answer.body["number"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=50).collect::<Vec<_>>());
}
