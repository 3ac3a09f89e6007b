//! Every operation that changes something, in a world where there is something to change.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::{Method, Request, header};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use jiff::SignedDuration;
use serde_json::json;
use shared::config::ApiConfig;
use support::World;
use yaml_rust2::YamlLoader;

use crate::room::{ADMIN, Answer, Room};

/// An operation with its `operationId` in `infra/openapi.yaml`, and a body for it. Names in braces are replaced by what
/// [`Scene`] has of that name. Mailgun's bodies are forms.
pub(crate) type Operation = (&'static str, &'static str, &'static str);

pub(crate) const OPERATIONS: [Operation; 35] = [
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

/// A tenant with one object of each kind.
pub(crate) struct Scene {
    pub(crate) room: Room,
    pub(crate) names: BTreeMap<&'static str, String>,
}

impl Scene {
    pub(crate) async fn in_world(world: World, of: Operation) -> Self {
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

    pub(crate) async fn of(operation: Operation) -> Self {
        Box::pin(Self::in_world(World::start().await.unwrap(), operation)).await
    }

    pub(crate) async fn run(&self, (_, route, body): Operation) -> Answer {
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
    pub(crate) fn rows(&self) -> BTreeMap<String, usize> {
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
