//! The audit trail: each change and each refused key writes exactly one log line, and the line has no key.

use axum::http::Method;
use serde_json::{Value, json};
use shared::tenant::PresentedKey;
use support::log_lines::{LogLine, LogLines};

use crate::room::{Caller, Room};
use crate::webhooks::hook_with;

const CHANGED: &str = "a change was made";
const REFUSED: &str = "the key is refused";
const ADDRESS: &str = "203.0.113.5";

/// Answers a request as API Gateway gives it, and returns status, body and the log lines.
async fn sent(
    room: &Room,
    caller: &Caller<'_>,
    method: Method,
    path: &str,
    body: &Value,
) -> (u16, Value, Vec<LogLine>) {
    let mut headers = json!({ "authorization": format!("Bearer {}", caller.key), "content-type": "application/json" });
    if let Some(tenant) = &caller.tenant {
        headers["x-tenant-id"] = json!(tenant);
    }
    let lines = LogLines::collect();
    let answer = room
        .take_event(json!({
            "version": "2.0", "rawPath": path, "rawQueryString": "", "isBase64Encoded": false, "headers": headers,
            "requestContext": {"stage": "$default", "http": {"method": method.as_str(), "sourceIp": ADDRESS}},
            "body": if body.is_null() { Value::Null } else { json!(body.to_string()) },
        }))
        .await;
    let lines = lines.all();
    for line in &lines {
        assert!(!format!("{line:?}").contains(&caller.key), "a line has the key");
    }
    (answer.status, answer.body, lines)
}

/// What the only line says: message, operation, key and address.
fn said(lines: &[LogLine]) -> [&str; 4] {
    assert_eq!(lines.len(), 1, "{lines:?}");
    let text = |field| lines[0].own(field).as_str().unwrap_or_default();
    [lines[0].message(), text("operation"), text("caller.key"), text("client.address")]
}

#[tokio::test]
async fn each_change_writes_one_line_with_key_tenant_object_and_address() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let key = tenant.key.parse::<PresentedKey>().unwrap().id.unwrap().to_string();
    let tenant_id = tenant.tenant_id().to_string();

    let (status, webhook, lines) = sent(&room, &tenant, Method::POST, "/api/v1/webhooks", &hook_with(&json!({}))).await;
    assert_eq!(status, 201);
    assert_eq!(said(&lines), [CHANGED, "POST /api/v1/webhooks", key.as_str(), ADDRESS]);
    let id = webhook["id"].as_str().unwrap();
    assert_eq!((lines[0].id("tenant.id"), lines[0].id("webhook.id")), (Some(tenant_id.as_str()), Some(id)));

    let path = format!("/api/v1/webhooks/{id}");
    for (method, path, body, operation) in [
        (Method::PATCH, path.clone(), json!({ "paused": true }), "PATCH /api/v1/webhooks/{webhook_id}"),
        (Method::POST, format!("{path}/rotate-secret"), json!({}), "POST /api/v1/webhooks/{webhook_id}/rotate-secret"),
        (Method::DELETE, path.clone(), Value::Null, "DELETE /api/v1/webhooks/{webhook_id}"),
    ] {
        let (status, _, lines) = sent(&room, &tenant, method, &path, &body).await;
        assert!((200..300).contains(&status), "{operation}: {status}");
        assert_eq!(said(&lines), [CHANGED, operation, key.as_str(), ADDRESS]);
        assert_eq!(lines[0].id("webhook.id"), Some(id));
    }

    let admin = room.admin();
    let (_, made, lines) = sent(&room, &admin, Method::POST, "/api/v1/tenants", &json!({ "name": "Other" })).await;
    assert_eq!(said(&lines), [CHANGED, "POST /api/v1/tenants", "admin", ADDRESS]);
    assert_eq!(lines[0].id("tenant.id"), made["id"].as_str());
    let body = json!({ "role": "admin", "name": "second" });
    let (_, made, lines) = sent(&room, &admin, Method::POST, "/api/v1/keys", &body).await;
    assert_eq!(lines[0].id("key.id"), made["id"].as_str());
    assert!(!format!("{lines:?}").contains(made["key"].as_str().unwrap()));
    let body = json!({ "role": "read", "tenant_id": tenant_id });
    let (_, _, lines) = sent(&room, &admin, Method::POST, "/api/v1/keys", &body).await;
    assert_eq!(lines[0].id("tenant.id"), Some(tenant_id.as_str()));
}

#[tokio::test]
async fn each_refused_key_writes_one_line() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let other = room.tenant().await;
    let reader = room.key_of(tenant.tenant.as_deref().unwrap(), "read").await;
    let id_of = |caller: &Caller<'_>| caller.key.parse::<PresentedKey>().unwrap().id.unwrap().to_string();
    let (own, read) = (id_of(&tenant), id_of(&reader));
    let wrong = tenant.with_key(&format!("{}0", tenant.key));
    for (caller, method, path, status, key) in [
        (tenant.with_key("nothing"), Method::GET, "/api/v1/webhooks", 401, ""),
        (wrong, Method::GET, "/api/v1/webhooks", 401, own.as_str()),
        (tenant.with_key("mh_admin_wrong"), Method::GET, "/api/v1/webhooks", 401, "admin"),
        (reader, Method::DELETE, "/api/v1/webhooks/{webhook_id}", 403, read.as_str()),
        (tenant.about(other.tenant.as_deref().unwrap()), Method::GET, "/api/v1/sources", 403, own.as_str()),
        (tenant.about_none(), Method::POST, "/api/v1/tenants", 403, own.as_str()),
        (tenant.with_key("mh_admin_wrong"), Method::GET, "/v3/REST/eventcallbackurl", 401, "admin"),
        (tenant.with_key("mh_admin_wrong"), Method::POST, "/v3/domains/{domain}/webhooks", 401, "admin"),
    ] {
        let (answered, _, lines) = sent(&room, &caller, method.clone(), path, &json!({ "name": "x" })).await;
        assert_eq!(answered, status, "{method} {path}");
        let [message, operation, named, address] = said(&lines);
        assert_eq!([message, named, address], [REFUSED, key, ADDRESS], "{method} {path}");
        assert!(operation.starts_with(method.as_str()) && operation.contains('/'), "{operation}");
        assert_eq!(lines[0].own("status"), status);
    }
}

#[tokio::test]
async fn reads_and_changes_that_fail_write_no_line() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    for (caller, method, path, status) in [
        (&tenant, Method::GET, "/api/v1/webhooks", 200),
        (&tenant, Method::POST, "/api/v1/webhooks", 422),
        (&tenant, Method::DELETE, "/api/v1/webhooks/wh_00000000000000000000000000", 404),
        (&tenant, Method::DELETE, "/api/v1/nothing", 404),
        (&room.admin(), Method::GET, "/api/v1/webhooks", 400),
    ] {
        let (answered, _, lines) = sent(&room, caller, method.clone(), path, &json!({})).await;
        assert_eq!(answered, status, "{method} {path}");
        assert!(lines.is_empty(), "{method} {path}: {lines:?}");
    }
}
