//! The log lines of a request have its ids, in the span of the request.

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;
use support::Break;
use support::log_lines::LogLines;

use crate::room::Room;
use crate::webhooks::made;

#[tokio::test]
async fn a_failure_is_logged_once_with_the_ids_of_its_request() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    for (method, body) in [(Method::DELETE, ""), (Method::PATCH, r#"{"enabled":true}"#)] {
        let lines = LogLines::collect();
        // The key and its tenant are found. The calls about the webhook fail.
        room.world.aws.break_call(2, Break::Before);
        let request = tenant.request(method.clone(), &path).header("content-type", "application/json");
        let failed = room.send(request.header("x-amzn-request-id", "abc-123").body(Body::from(body)).unwrap()).await;
        assert_eq!(failed.status, 503, "{method}");
        let line = lines.only("the request failed");
        assert_eq!(line.id("request_id"), Some("abc-123"));
        assert_eq!(line.id("tenant.id"), Some(tenant.tenant_id().to_string().as_str()));
        assert_eq!(line.id("webhook.id"), path.rsplit('/').next());
        for field in ["request_id", "tenant.id", "webhook.id"] {
            assert!(!line.repeats(field), "{line:?}");
        }
    }
}

#[tokio::test]
async fn what_the_client_did_wrong_is_not_logged_and_ids_do_not_pass_to_the_next_request() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = made(&tenant, &json!({})).await;
    let lines = LogLines::collect();
    assert_eq!(tenant.patch(&path, &json!({ "timeout_ms": 1 })).await.status, 422);
    assert_eq!(tenant.about("ten_1").get(&path).await.status, 400);
    assert!(lines.all().is_empty(), "{:?}", lines.all());
    room.world.aws.break_call(0, Break::Before);
    let request = Request::get("/.well-known/webhooks/ten_00000000000000000000000000").body(Body::empty()).unwrap();
    assert_eq!(room.send(request).await.status, 503);
    let line = lines.only("the request failed");
    assert!(line.id("request_id").is_some_and(|id| id.starts_with("req_")));
    assert_eq!((line.id("tenant.id"), line.id("webhook.id")), (None, None));
}
