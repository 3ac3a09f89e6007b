//! The log lines of a post have its ids, in the span of the request.

use http::Request;
use serde_json::json;
use shared::provider::Provider;
use shared::source::Verification;
use shared::tenant::Role;
use support::Break;
use support::log_lines::LogLines;

use crate::room::{Room, path};

#[tokio::test]
async fn a_rejected_post_is_logged_once_with_its_tenant_and_source() {
    let room = Room::start().await;
    let (source, key) = room.source_signing(Provider::Mailgun, "key").await;
    let lines = LogLines::collect();
    let rejected = room.post(&key, "{}").await;
    assert_eq!(rejected.problem(), (401, "not-authentic"));
    let line = lines.all().pop().unwrap();
    assert!(line.message().starts_with("the post is rejected: "), "{line:?}");
    assert_eq!(lines.all().len(), 1);
    assert_eq!(line.id("request_id"), rejected.headers["x-request-id"].to_str().ok());
    assert_eq!(line.id("tenant.id"), Some(room.tenant.to_string().as_str()));
    assert_eq!(line.id("source.id"), Some(source.id.to_string().as_str()));
    assert!(!line.repeats("tenant.id") && !line.repeats("source.id"));
}

#[tokio::test]
async fn a_failure_to_store_is_logged_with_the_id_of_the_only_event() {
    let room = Room::start().await;
    let (source, key) = room.source(Provider::Generic, Verification::Unsigned).await;
    let event = json!({
        "type": "email.delivered",
        "email_id": "1",
        "timestamp": "2026-01-02T03:04:05Z",
        "recipient": "to@example.com",
    })
    .to_string();
    assert_eq!(room.post(&key, event.clone()).await.status, 200);
    let stored = room.stored().into_keys().next().unwrap();

    let lines = LogLines::collect();
    room.world.aws.break_call(0, Break::Before);
    assert!(room.send(Request::post(path(&key)), event.clone()).await.status >= 500);
    let line = lines.only("the request failed");
    assert_eq!(line.id("source.id"), Some(source.id.to_string().as_str()));
    assert_eq!(line.id("event.id"), Some(stored.as_str()));
}

#[tokio::test]
async fn a_failure_to_store_an_own_event_is_logged_with_its_tenant_and_id() {
    let room = Room::start().await;
    let (_, api_key) = room.key(Role::Publish, Some(room.tenant)).await;
    let event = json!({ "type": "email.delivered", "id": "1", "timestamp": "2026-01-02T03:04:05Z", "recipient": "to@example.com" }).to_string();
    assert_eq!(room.publish(&api_key, event.clone()).await.status, 200);
    let stored = room.stored().into_keys().next().unwrap();

    let lines = LogLines::collect();
    room.world.aws.break_call(0, Break::Before);
    assert_eq!(room.publish(&api_key, event).await.status, 503);
    let line = lines.only("the request failed");
    assert_eq!(line.id("tenant.id"), Some(room.tenant.to_string().as_str()));
    assert_eq!(line.id("event.id"), Some(stored.as_str()));
}

/// Refused keys are in the audit trail, each by one line that has no key.
#[tokio::test]
async fn a_refused_key_is_logged_once_without_the_key() {
    let room = Room::start().await;
    let (reading, read_key) = room.key(Role::Read, Some(room.tenant)).await;
    let (publishing, publish_key) = room.key(Role::Publish, Some(room.tenant)).await;
    let unknown = "mhi_generic_0000000000000000000000000000000000000000";
    let wrong = format!("{publish_key}0");
    let request = |path: &str, key: &str| {
        json!({
            "version": "2.0", "rawPath": path, "rawQueryString": "", "isBase64Encoded": false, "body": "{}",
            "headers": {"authorization": format!("Bearer {key}"), "content-type": "application/json"},
            "requestContext": {"stage": "$default", "http": {"method": "POST", "sourceIp": "203.0.113.5"}},
        })
    };
    let (read_id, publish_id) = (reading.id.to_string(), publishing.id.to_string());
    let posted = format!("/api/webhooks/{unknown}");
    for (path, key, status, operation, named) in [
        ("/api/v1/events", read_key.as_str(), 403, "POST /api/v1/events", Some(read_id.as_str())),
        ("/api/v1/events", wrong.as_str(), 401, "POST /api/v1/events", Some(publish_id.as_str())),
        ("/api/v1/events", "none", 401, "POST /api/v1/events", None),
        ("/api/webhooks", unknown, 401, "POST /api/webhooks", None),
        (posted.as_str(), "none", 404, "POST /api/webhooks/{ingest_key}", None),
    ] {
        let lines = LogLines::collect();
        assert_eq!(room.take_event(request(path, key)).await.status, status, "{path} {key}");
        assert_eq!(lines.all().len(), 1, "{:?}", lines.all());
        let line = lines.only("the key is refused");
        assert_eq!(line.own("operation"), operation);
        assert_eq!(line.own("caller.key").as_str(), named);
        assert_eq!(line.own("client.address"), "203.0.113.5");
        assert_eq!(line.own("status"), status);
        let text = format!("{line:?}");
        assert!(!text.contains(unknown) && !text.contains(&wrong) && !text.contains(&read_key), "{text}");
    }
}
