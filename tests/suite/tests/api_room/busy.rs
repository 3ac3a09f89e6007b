//! Every operation that changes something meets a busy row, or loses DynamoDB's answer, at each of its writes.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::{Method, Request, header};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::SignedDuration;
use serde_json::json;
use shared::config::ApiConfig;
use support::{Break, World};
use yaml_rust2::YamlLoader;

use crate::room::{ADMIN, Answer, Room};

/// An operation with its `operationId` in `infra/openapi.yaml`, and a body for it. Names in braces are replaced by what
/// [`Scene`] has of that name. Mailgun's bodies are forms.
type Operation = (&'static str, &'static str, &'static str);

const OPERATIONS: [Operation; 35] = [
    ("resendEvent", "POST /api/v1/events/{event_id}/resend", r#"{"webhook_id": "{webhook_id}"}"#),
    ("createTenant", "POST /api/v1/tenants", r#"{"name": "Other"}"#),
    ("patchTenant", "PATCH /api/v1/tenants/{tenant_id}", r#"{"name": "New"}"#),
    ("patchTenant", "PATCH /api/v1/tenants/{tenant_id}", r#"{"suspended": false}"#),
    ("patchTenantSettings", "PATCH /api/v1/tenants/{tenant_id}/settings", r#"{"default_dialect": "mailjet"}"#),
    ("createKey", "POST /api/v1/keys", r#"{"role": "tenant", "tenant_id": "{tenant_id}"}"#),
    ("createKey", "POST /api/v1/keys", r#"{"role": "admin"}"#),
    ("revokeKey", "DELETE /api/v1/keys/{key_id}", ""),
    ("createWebhook", "POST /api/v1/webhooks", r#"{"url": "https://example.com/2", "events": ["*"]}"#),
    ("patchWebhook", "PATCH /api/v1/webhooks/{webhook_id}", r#"{"description": "New"}"#),
    ("patchWebhook", "PATCH /api/v1/webhooks/{webhook_id}", r#"{"url": "https://other.example.com/2"}"#),
    ("patchWebhook", "PATCH /api/v1/webhooks/{webhook_id}", r#"{"enabled": false}"#),
    ("patchWebhook", "PATCH /api/v1/webhooks/{webhook_id}", r#"{"enabled": true}"#),
    ("deleteWebhook", "DELETE /api/v1/webhooks/{webhook_id}", ""),
    ("testWebhook", "POST /api/v1/webhooks/{webhook_id}/test", r#"{"event_type": "email.delivered"}"#),
    ("verifyWebhook", "POST /api/v1/webhooks/{webhook_id}/verify", ""),
    ("rotateSecret", "POST /api/v1/webhooks/{webhook_id}/rotate-secret", r#"{"overlap_seconds": 60}"#),
    ("createMailgunWebhook", "POST /v3/domains/example.com/webhooks", "id=clicked&url=https://example.com/3"),
    ("updateMailgunWebhook", "PUT /v3/domains/example.com/webhooks/opened", "url=https://example.com/3"),
    ("deleteMailgunWebhook", "DELETE /v3/domains/example.com/webhooks/opened", ""),
    (
        "createPlatformWebhook",
        "POST /api/webhooks/manage",
        r#"{"url": "https://example.com/4", "events": "email.open"}"#,
    ),
    (
        "replacePlatformWebhook",
        "PUT /api/webhooks/manage/{number}",
        r#"{"url": "https://example.com/5", "events": "email.open"}"#,
    ),
    ("patchPlatformWebhook", "PATCH /api/webhooks/manage/{number}", r#"{"active": true}"#),
    ("deletePlatformWebhook", "DELETE /api/webhooks/manage/{number}", ""),
    ("createSource", "POST /api/v1/sources", r#"{"provider": "generic"}"#),
    ("patchSource", "PATCH /api/v1/sources/{source_id}", r#"{"name": "New"}"#),
    ("deleteSource", "DELETE /api/v1/sources/{source_id}", ""),
    ("rotateIngestKey", "POST /api/v1/sources/{source_id}/rotate-key", ""),
    ("recoverWebhook", "POST /api/v1/webhooks/{webhook_id}/recover", r#"{"states": ["dead"], "since": "{since}"}"#),
    ("recoverTenant", "POST /api/v1/recoveries", r#"{"states": ["dead"], "since": "{since}"}"#),
    ("cancelRecovery", "DELETE /api/v1/recoveries/{recovery_id}", ""),
    ("createMailjetUrl", "POST /v3/REST/eventcallbackurl", r#"{"EventType": "click", "Url": "https://example.com/6"}"#),
    ("updateMailjetUrl", "PUT /v3/REST/eventcallbackurl/{mailjet_id}", r#"{"Url": "https://example.com/7"}"#),
    ("updateMailjetUrl", "PUT /v3/REST/eventcallbackurl/{mailjet_id}", r#"{"Status": "dead"}"#),
    ("deleteMailjetUrl", "DELETE /v3/REST/eventcallbackurl/{mailjet_id}", ""),
];

/// Operations that this room does not have, or that write to no table.
const OTHERS: [&str; 5] = ["publishEvents", "receive", "receiveWithKeyInHeader", "startRedrive", "cancelRedrive"];

/// DynamoDB's operations that a transaction of another caller can refuse.
const WRITES: [&str; 4] =
    ["DynamoDB.TransactWriteItems", "DynamoDB.PutItem", "DynamoDB.UpdateItem", "DynamoDB.DeleteItem"];

/// A tenant with one object of each kind.
struct Scene {
    room: Room,
    names: BTreeMap<&'static str, String>,
}

impl Scene {
    async fn in_world(world: World, of: Operation) -> Self {
        let asks = of.0 == "verifyWebhook";
        let room = Room::in_world(world, |config| ApiConfig { verify_webhook_urls: asks, ..config });
        let tenant = room.tenant().await;
        let tenant_id = tenant.tenant.clone().unwrap();
        let since = (room.world.clock.now() - SignedDuration::from_hours(2)).to_string();
        let hook = json!({"url": "https://example.com/1", "events": ["email.delivered"]});
        let webhook = tenant.post("/api/v1/webhooks", &hook).await;
        let source = tenant.post("/api/v1/sources", &json!({"provider": "generic"})).await;
        let recovery = tenant.post("/api/v1/recoveries", &json!({"states": ["dead"], "since": since})).await;
        let key = room.admin().post("/api/v1/keys", &json!({"role": "tenant", "tenant_id": tenant_id})).await;
        let platform = json!({"url": "https://example.com/p", "events": "email.delivery"});
        let platform = tenant.post("/api/webhooks/manage", &platform).await;
        let stored = room.world.registry.webhooks.get(tenant.tenant_id(), webhook.text("id").parse().unwrap()).await;
        if matches!(of.0, "patchWebhook" | "deleteWebhook" | "patchTenant") {
            room.world.open_breaker(&stored.unwrap().unwrap()).await.unwrap();
        }
        let event = room.world.event(tenant.tenant_id(), "a");
        room.world.events.put(&event).await.unwrap();
        let names = BTreeMap::from([
            ("tenant_id", tenant_id),
            ("since", since),
            ("webhook_id", webhook.text("id")),
            ("source_id", source.text("id")),
            ("recovery_id", recovery.text("id")),
            ("key_id", key.text("id")),
            ("number", platform.body["id"].to_string()),
            ("event_id", event.id.to_string()),
            ("key", tenant.key.clone()),
        ]);
        let mut scene = Self { room, names };
        let opened = "id=opened&url=https://example.com/o";
        assert_eq!(scene.send("POST /v3/domains/example.com/webhooks", opened).await.status, 200);
        let bounce = r#"{"EventType": "bounce", "Url": "https://example.com/8"}"#;
        let entry = scene.send("POST /v3/REST/eventcallbackurl", bounce).await;
        scene.names.insert("mailjet_id", entry.body["Data"][0]["ID"].to_string());
        // A challenge is not repeated within a minute.
        scene.room.world.clock.advance(SignedDuration::from_secs(61));
        scene.room.world.aws.take_calls();
        scene
    }

    async fn of(operation: Operation) -> Self {
        Box::pin(Self::in_world(World::start().await.unwrap(), operation)).await
    }

    async fn run(&self, (_, route, body): Operation) -> Answer {
        self.send(route, body).await
    }

    async fn send(&self, route: &str, body: &str) -> Answer {
        let filled = |text: &str| {
            self.names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
        };
        let (method, path) = route.split_once(' ').unwrap();
        let (path, key) = (filled(path), &self.names["key"]);
        let authorization = if path.starts_with("/v3/") {
            let is_mailjets = path.starts_with("/v3/REST/");
            let mailjets = || key.strip_prefix("mh_").unwrap().split_once('_').unwrap();
            let (user, password) = if is_mailjets { mailjets() } else { ("api", key.as_str()) };
            format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
        } else if path.starts_with("/api/v1/tenants") || path.starts_with("/api/v1/keys") {
            format!("Bearer {ADMIN}")
        } else {
            format!("Bearer {key}")
        };
        let form =
            if path.starts_with("/v3/domains/") { "application/x-www-form-urlencoded" } else { "application/json" };
        let request = Request::builder()
            .method(method.parse::<Method>().unwrap())
            .uri(&path)
            .header(header::AUTHORIZATION, authorization)
            .header(header::CONTENT_TYPE, form);
        self.room.send(request.body(Body::from(filled(body))).unwrap()).await
    }

    /// How many rows of each kind the registry has.
    fn rows(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for row in self.room.world.aws.scan_unbroken("registry").unwrap() {
            let key = row["sk"].as_s().unwrap();
            // Of `W#wh_…` and of `ten_…`, the part before the id.
            let kind = key.split_once(['#', '_']).map_or(key.as_str(), |(kind, _)| kind);
            *counts.entry(kind.to_owned()).or_default() += 1;
        }
        counts
    }
}

/// What an operation answers and leaves when nothing goes wrong, and which of its calls are writes.
struct Undisturbed {
    status: u16,
    rows: BTreeMap<String, usize>,
    writes: Vec<usize>,
}

async fn undisturbed(operation: Operation) -> Undisturbed {
    let scene = Box::pin(Scene::of(operation)).await;
    let answer = scene.run(operation).await;
    assert!((200..300).contains(&answer.status), "{operation:?}: {answer}");
    let calls = scene.room.world.aws.take_calls();
    let writes = (0..calls.len()).filter(|index| WRITES.contains(&calls[*index].operation.as_str())).collect();
    Undisturbed { status: answer.status, rows: scene.rows(), writes }
}

/// Breaks each write of each operation, in a world of its own, and compares answer and rows with those of an
/// undisturbed run.
async fn break_each_write(how: Break, world: impl AsyncFn() -> World) {
    let mut broken = 0;
    for operation in OPERATIONS {
        let expected = Box::pin(undisturbed(operation)).await;
        for index in expected.writes {
            let scene = Box::pin(Scene::in_world(world().await, operation)).await;
            scene.room.world.aws.break_call(index, how);
            let answer = scene.run(operation).await;
            let what = format!("{how:?} at call {index} of {operation:?}: {answer}");
            assert!(!scene.room.world.aws.call_off_break(), "{what}: not reached");
            assert_eq!(answer.status, expected.status, "{what}");
            assert_eq!(scene.rows(), expected.rows, "{what}");
            broken += 1;
        }
    }
    assert!(broken >= OPERATIONS.len(), "only {broken} writes");
}

#[tokio::test]
async fn each_write_of_each_operation_is_repeated_when_its_row_is_busy() {
    Box::pin(break_each_write(Break::Collision, async || World::start().await.unwrap())).await;
}

/// The SDK repeats the call, which meets its own effect. The client gets its success.
#[tokio::test]
async fn each_write_of_each_operation_is_a_success_when_its_answer_was_lost() {
    Box::pin(break_each_write(Break::After, async || World::start_with_retries().await.unwrap())).await;
}

#[tokio::test]
async fn rows_that_stay_busy_are_told_as_unavailable_and_never_as_gone_or_done() {
    for operation in OPERATIONS {
        if Box::pin(undisturbed(operation)).await.writes.is_empty() {
            continue;
        }
        let scene = Box::pin(Scene::of(operation)).await;
        let before = scene.rows();
        scene.room.world.aws.stay_busy();
        let answer = scene.run(operation).await;
        assert_eq!(answer.status, 503, "{operation:?}: {answer}");
        assert_eq!(answer.headers["retry-after"], "5", "{operation:?}");
        assert_eq!(scene.rows(), before, "{operation:?}");
    }
}

#[test]
fn the_table_has_every_operation_of_the_description_that_changes_something() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/openapi.yaml");
    let openapi = YamlLoader::load_from_str(&std::fs::read_to_string(path).unwrap()).unwrap().remove(0);
    let methods = openapi["paths"].as_hash().unwrap().values();
    let changing = methods.flat_map(|path| ["post", "put", "patch", "delete"].map(|method| &path[method]));
    let described: BTreeSet<_> = changing.filter_map(|operation| operation["operationId"].as_str()).collect();
    let tabled = OPERATIONS.iter().map(|(id, ..)| *id).chain(OTHERS).collect();
    assert_eq!(described, tabled);
}
