//! Posts in the form that AWS documents, with our path and body in them.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};
use shared::provider::Provider;
use shared::source::Verification;

use crate::room::{Room, path};

const EVENTS: [(&str, &str); 2] = [
    ("an HTTP API", include_str!("../../aws_events/http_api.json")),
    ("a function URL", include_str!("../../aws_events/function_url.json")),
];

#[tokio::test]
async fn the_examples_of_aws_are_read_as_posts() {
    let room = Room::start().await;
    let (_, key) = room.source(Provider::Generic, Verification::Unsigned).await;
    let mut number = 0;
    for (from, event) in EVENTS {
        let event: Value = serde_json::from_str(event).unwrap();
        assert_eq!(room.take_event(event.clone()).await.status, 404, "{from}");
        for is_base64 in [false, true] {
            number += 1;
            let body = json!({
                "type": "email.delivered", "email_id": number.to_string(), "timestamp": "2026-01-02T03:04:05Z",
                "recipient": "to@example.com",
            })
            .to_string();
            let mut post = event.clone();
            post["rawPath"] = json!(path(&key));
            post["requestContext"]["http"]["method"] = json!("POST");
            post["isBase64Encoded"] = json!(is_base64);
            post["body"] = json!(if is_base64 { BASE64_STANDARD.encode(body) } else { body });
            assert_eq!(room.take_event(post).await.status, 200, "{from}");
            assert_eq!(room.stored().len(), number, "{from}");
        }
    }
}
