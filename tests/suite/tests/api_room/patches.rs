//! A change keeps the fields that it does not name. The tests change each field that `infra/openapi.yaml` lists for a
//! change, one at a time, and compare all other fields with their former values.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::source::Source;
use yaml_rust2::YamlLoader;

use crate::room::{Answer, Caller, Room};

/// The fields of a schema in `infra/openapi.yaml`.
fn documented(schema: &str) -> BTreeSet<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/openapi.yaml");
    let text = std::fs::read_to_string(path).unwrap();
    let openapi = YamlLoader::load_from_str(&text).unwrap().remove(0);
    let fields = openapi["components"]["schemas"][schema]["properties"].as_hash().unwrap();
    fields.keys().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// The fields that differ between two answers.
fn differing(before: &Value, after: &Value) -> BTreeSet<String> {
    let (before, after) = (before.as_object().unwrap(), after.as_object().unwrap());
    let names = before.keys().chain(after.keys()).filter(|name| before.get(*name) != after.get(*name));
    names.filter(|name| *name != "updated_at").cloned().collect()
}

async fn shown(caller: &Caller<'_>, path: &str) -> Value {
    let answer = caller.get(path).await;
    assert_eq!(answer.status, 200, "{answer}");
    answer.body
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn accepted(answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer}");
}

#[tokio::test]
async fn each_field_of_a_webhook_is_changed_alone() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let source = tenant.post("/api/v1/sources", &json!({ "provider": "generic" })).await.text("id");
    // No field has its default.
    let made = tenant
        .post(
            "/api/v1/webhooks",
            &json!({
                "url": "https://in:word@example.com/1", "events": ["bounce", "open"], "enabled": false, "paused": true,
                "dialect": "mailjet_v2", "batch": 7, "retry_policy": { "delays_seconds": [5] }, "timeout_ms": 3_000,
                "sources": [source], "domains": ["example.com"], "description": "a note", "rate_limit": 9,
                "breaker": { "failures": 3, "window_seconds": 4, "disable_after_hours": 5 },
                "backup_url": "https://in:word@example.com/2", "metadata": { "a": "b" },
                "headers": { "x-open": "1", "x-closed": { "value": "2", "sensitive": true } },
            }),
        )
        .await;
    assert_eq!(made.status, 201, "{made}");
    let stream = tenant
        .post(
            "/api/v1/webhooks",
            &json!({
                "url": "arn:aws:sqs:eu-central-1:123456789012:mail", "events": ["*"], "paused": true, "enabled": false,
                "credentials": { "access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "s" },
            }),
        )
        .await;
    assert_eq!(stream.status, 201, "{stream}");
    let of = |webhook: &Answer| format!("/api/v1/webhooks/{}", webhook.text("id"));
    let (hook, stream) = (of(&made), of(&stream));
    let (enabled, keys) = (json!(true), json!({ "access_key_id": "AKIAIOSFODNN7ANOTHER", "secret_access_key": "t" }));
    let mut tried = BTreeSet::new();
    for (path, field, value, with_it) in [
        (&stream, "credentials", keys, ""),
        (&stream, "url", json!("arn:aws:sqs:eu-central-1:123456789012:other"), ""),
        (&hook, "url", json!("https://example.com/3"), ""),
        (&hook, "events", json!(["spam"]), ""),
        // The answer shows the reason too.
        (&hook, "enabled", enabled, "disabled_reason"),
        (&hook, "retry_policy", json!("mailgun"), ""),
        (&hook, "timeout_ms", json!(4_000), ""),
        (&hook, "sources", json!([]), ""),
        (&hook, "domains", json!(["example.org"]), ""),
        (&hook, "description", json!("another"), ""),
        (&hook, "breaker", json!({ "failures": 6, "window_seconds": 7, "disable_after_hours": 8 }), ""),
        (&hook, "backup_url", json!(null), ""),
        (&hook, "headers", json!({ "x-open": "3", "x-closed": { "sensitive": true } }), ""),
        (&hook, "paused", json!(false), ""),
        (&hook, "metadata", json!({}), ""),
        (&hook, "rate_limit", json!(8), ""),
        // The other dialects cannot carry several events in one POST.
        (&hook, "batch", json!(1), ""),
        (&hook, "dialect", json!("mailjet"), ""),
    ] {
        let id = path.rsplit('/').next().unwrap().parse().unwrap();
        let stored = async || room.world.registry.webhooks.get(tenant.tenant_id(), id).await.unwrap().unwrap();
        let (before, before_it) = (shown(&tenant, path).await, stored().await);
        accepted(&tenant.patch(path, &json!({ field: value })).await);
        let changed = differing(&before, &shown(&tenant, path).await);
        let expected: BTreeSet<_> = [field, with_it].into_iter().filter(|name| !name.is_empty()).collect();
        assert_eq!(changed, names(&expected.into_iter().collect::<Vec<_>>()), "{field}");
        // These are fields that answers do not show.
        let after = stored().await;
        assert_eq!(after.secrets, before_it.secrets, "{field}");
        assert!(field == "credentials" || field == "url" || after.url == before_it.url, "{field}");
        assert!(field == "backup_url" || after.backup_url == before_it.backup_url, "{field}");
        assert!(field == "headers" || after.headers == before_it.headers, "{field}");
        tried.insert(field.to_owned());
    }
    assert_eq!(tried, documented("PatchWebhook"));
    let before = shown(&tenant, &hook).await;
    accepted(&tenant.patch(&hook, &json!({})).await);
    assert_eq!(differing(&before, &shown(&tenant, &hook).await), names(&[]));
}

#[tokio::test]
async fn each_field_of_a_source_is_changed_alone() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let made = tenant
        .post(
            "/api/v1/sources",
            &json!({
                "provider": "mailgun", "name": "ours", "verification": { "signing_key": "k" },
                "credentials": { "bearer": ["t"] }, "networks": ["192.0.2.0/24"],
            }),
        )
        .await;
    assert_eq!(made.status, 201, "{made}");
    let path = format!("/api/v1/sources/{}", made.text("id"));
    let id = made.text("id").parse().unwrap();
    let stored = async || room.world.registry.sources.get(tenant.tenant_id(), id).await.unwrap().unwrap();
    let mut tried = BTreeSet::new();
    for (field, value) in [
        ("name", json!("another")),
        ("verification", json!({ "signing_key": "l" })),
        ("credentials", json!({ "basic": [{ "username": "u", "password": "p" }] })),
        ("networks", json!(["198.51.100.7"])),
        // This field removes the present verification; that is its purpose.
        ("allow_unsigned", json!(true)),
    ] {
        let before = stored().await;
        accepted(&tenant.patch(&path, &json!({ field: value })).await);
        let after = stored().await;
        let expected: &[&str] = match field {
            "allow_unsigned" => &["verification"],
            _ => &[field],
        };
        assert_eq!(changed_of_source(&before, &after), names(expected), "{field}");
        tried.insert(field.to_owned());
    }
    assert_eq!(tried, documented("PatchSource"));
    let before = stored().await;
    accepted(&tenant.patch(&path, &json!({})).await);
    assert_eq!(changed_of_source(&before, &stored().await), names(&[]));
}

fn changed_of_source(before: &Source, after: &Source) -> BTreeSet<String> {
    let fields = [
        ("name", before.name == after.name),
        ("provider", before.provider == after.provider),
        ("verification", before.trust.verification == after.trust.verification),
        ("credentials", before.trust.credentials == after.trust.credentials),
        ("networks", before.trust.networks == after.trust.networks),
        ("ingest_key", before.ingest_key == after.ingest_key),
    ];
    fields.iter().filter(|(_, same)| !same).map(|(name, _)| (*name).to_owned()).collect()
}

#[tokio::test]
async fn each_setting_of_a_tenant_is_changed_alone() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let path = format!("/api/v1/tenants/{}/settings", tenant.tenant.as_deref().unwrap());
    let stored = async || {
        let settings = room.world.registry.settings.get(tenant.tenant_id()).await.unwrap();
        (settings.default_dialect, settings.webhook_secret)
    };
    accepted(&tenant.patch(&path, &json!({ "default_dialect": "mailgun", "webhook_secret": "the first one" })).await);
    let first = stored().await;
    accepted(&tenant.patch(&path, &json!({ "default_dialect": "platform" })).await);
    let second = stored().await;
    assert!(second.0 != first.0 && second.1 == first.1);
    accepted(&tenant.patch(&path, &json!({ "webhook_secret": "the second one" })).await);
    let third = stored().await;
    assert!(third.0 == second.0 && third.1 != second.1);
    accepted(&tenant.patch(&path, &json!({})).await);
    assert_eq!(stored().await, third);
}

/// The same through the platform's API, which has fewer fields than a webhook. `mailjet::changes` checks Mailjet's API.
#[tokio::test]
async fn each_field_of_the_platforms_api_is_changed_alone() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let hook = json!({
        "url": "https://example.com/1", "events": ["open"], "dialect": "mailjet", "enabled": false, "paused": true,
        "timeout_ms": 3_000, "description": "a note", "rate_limit": 9, "backup_url": "https://example.com/2",
        "retry_policy": { "delays_seconds": [5] },
    });
    let made = tenant.post("/api/v1/webhooks", &hook).await;
    let path = format!("/api/v1/webhooks/{}", made.text("id"));
    let platform = format!("/api/webhooks/manage/{}", made.body["number"]);
    for (field, value, changed) in [
        ("url", json!("https://example.com/3"), names(&["url"])),
        ("events", json!("open, email.bounce"), names(&["events"])),
        // This API has one field for "enabled and not paused".
        ("active", json!(true), names(&["enabled", "disabled_reason", "paused"])),
    ] {
        let before = shown(&tenant, &path).await;
        accepted(&tenant.patch(&platform, &json!({ field: value })).await);
        assert_eq!(differing(&before, &shown(&tenant, &path).await), changed, "{field}");
    }
}
