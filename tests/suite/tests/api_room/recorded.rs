//! Requests in the form that AWS documents, with our path and key in them.

use serde_json::{Value, json};

use crate::room::Room;

const EVENTS: [(&str, &str); 2] = [
    ("an HTTP API", include_str!("../../aws_events/http_api.json")),
    ("a function URL", include_str!("../../aws_events/function_url.json")),
];

/// The recorded event as a request for `path`, with these headers besides its own.
fn asking(event: &str, method: &str, path: &str, headers: &[(&str, &str)]) -> Value {
    let mut event: Value = serde_json::from_str(event).unwrap();
    event["rawPath"] = json!(path);
    event["requestContext"]["http"]["path"] = json!(path);
    event["requestContext"]["http"]["method"] = json!(method);
    for (name, value) in headers {
        event["headers"][*name] = json!(value);
    }
    event
}

#[tokio::test]
async fn the_examples_of_aws_are_read_as_requests() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let bearer = format!("Bearer {}", tenant.key);
    let key = [("authorization", bearer.as_str()), ("x-tenant-id", tenant.tenant.as_deref().unwrap())];
    for (from, event) in EVENTS {
        // As it is: a path that we do not have.
        let mut unknown: Value = serde_json::from_str(event).unwrap();
        assert_eq!(room.take_event(unknown.take()).await.status, 404, "{from}");
        assert_eq!(room.take_event(asking(event, "GET", "/api/v1/webhooks", &[])).await.status, 401, "{from}");
        // The example's own query is read, and is not one of ours.
        let answer = room.take_event(asking(event, "GET", "/api/v1/webhooks", &key)).await;
        assert!(answer.problem().starts_with("400 invalid-parameter: parameter1"), "{from}: {answer}");
        let mut bare = asking(event, "GET", "/api/v1/webhooks", &key);
        bare["rawQueryString"] = json!("");
        assert_eq!(room.take_event(bare).await.status, 200, "{from}");
    }
}
