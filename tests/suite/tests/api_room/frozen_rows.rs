//! Rows as the writers of each release made them. Every later release reads them as they were meant, and writes them
//! back without losing anything. The files are never changed; `freeze` makes those of the present release.

use std::path::PathBuf;

use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::delivery::{DeadReason, DeliveryState, Outcome};
use shared::id::{KeyId, SourceId, TenantId, WebhookId};
use shared::seal::Sealed;

use crate::deliveries::written;
use crate::newer_rows::fill;
use crate::room::Room;

/// The release whose rows `freeze` writes.
const RELEASE: &str = "0.1";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/stored")
}

/// The frozen files of all releases: each has the rows of one world, the data key that sealed their secrets, and what
/// the API showed of them.
fn frozen() -> Vec<Value> {
    let releases = std::fs::read_dir(folder()).unwrap().map(|release| release.unwrap().path().join("rows"));
    let files = releases.flat_map(|rows| std::fs::read_dir(rows).unwrap().map(|file| file.unwrap().path()));
    files.map(|file| serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()).collect()
}

/// A room with the frozen rows.
async fn room_with(frozen: &Value) -> Room {
    let room = Room::start().await;
    let key = &frozen["data_key"];
    let text = |name: &str| key[name].as_str().unwrap();
    room.world.aws.kms.learn(text("blob"), text("plaintext"), key["context"].clone());
    for row in frozen["rows"].as_array().unwrap() {
        room.world.put_row(row["table"].as_str().unwrap(), row["row"].clone()).unwrap();
    }
    room
}

/// Whether `now` has all that `then` has. New fields may be added to an answer.
fn has_all(now: &Value, then: &Value) -> bool {
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => {
            then.iter().all(|(name, then)| now.get(name).is_some_and(|now| has_all(now, then)))
        }
        (Value::Array(now), Value::Array(then)) => {
            now.len() == then.len() && now.iter().zip(then).all(|(now, then)| has_all(now, then))
        }
        (now, then) => now == then,
    }
}

/// The row without what every change changes: its revision, and the random bytes of sealed texts.
fn comparable(mut row: Value) -> Value {
    fn hide(value: &mut Value) {
        match value {
            Value::String(text) if Sealed::parse(text).is_ok() => "SEALED".clone_into(text),
            Value::Array(list) => list.iter_mut().for_each(hide),
            Value::Object(map) => map.values_mut().for_each(hide),
            _ => {}
        }
    }
    row["revision"] = Value::Null;
    hide(&mut row);
    row
}

#[tokio::test]
async fn the_rows_of_every_release_are_shown_as_they_were() {
    let all = frozen();
    assert!(!all.is_empty());
    for frozen in all {
        let room = room_with(&frozen).await;
        let admin = room.admin().about(frozen["tenant"].as_str().unwrap());
        for (path, then) in frozen["shown"].as_object().unwrap() {
            let now = admin.get(path).await;
            assert_eq!(now.status, 200, "{path}: {now}");
            assert!(has_all(&now.body, then), "{path}: {:#}\nwas {then:#}", now.body);
            assert!(!now.body.to_string().contains("unreadable"), "{path}");
        }
    }
}

#[tokio::test]
async fn the_rows_of_every_release_are_written_back_as_they_were() {
    for frozen in frozen() {
        let room = room_with(&frozen).await;
        let registry = &room.world.registry;
        let tenant: TenantId = frozen["tenant"].as_str().unwrap().parse().unwrap();
        let mut written = 0;
        for row in frozen["rows"].as_array().unwrap().iter().filter(|row| row["table"] == "registry") {
            let key = row["row"]["sk"]["S"].as_str().unwrap();
            let (kind, id) = key.split_once('#').unwrap_or((key, ""));
            match kind {
                "W" => {
                    let id: WebhookId = id.parse().unwrap();
                    let webhook = registry.webhooks.get(tenant, id).await.unwrap().unwrap();
                    registry.webhook_writer.replace_with_same_hosts(&webhook, None).await.unwrap();
                    let again = registry.webhooks.get(tenant, id).await.unwrap().unwrap();
                    assert_eq!(again, shared::webhook::Webhook { revision: webhook.revision + 1, ..webhook });
                }
                "S" => {
                    let id: SourceId = id.parse().unwrap();
                    let source = registry.sources.get(tenant, id).await.unwrap().unwrap();
                    registry.sources.replace(&source, None).await.unwrap();
                    let again = registry.sources.get(tenant, id).await.unwrap().unwrap();
                    assert_eq!(again, shared::source::Source { revision: source.revision + 1, ..source });
                }
                "SETTINGS" => {
                    let settings = registry.settings.get(tenant).await.unwrap();
                    registry.settings.replace(tenant, &settings).await.unwrap();
                }
                "K" => {
                    let id: KeyId = id.parse().unwrap();
                    let key = registry.api_key_lookup.get(id).await.unwrap().unwrap();
                    registry.api_keys.delete(&key).await.unwrap();
                    registry.api_keys.create(&key).await.unwrap();
                }
                _ => continue,
            }
            let now = room.world.raw_row("registry", key).unwrap();
            assert_eq!(comparable(now), comparable(row["row"].clone()), "{key}");
            written += 1;
        }
        assert!(written >= 6, "{written}");
    }
}

/// Writes the file of the present release. It must not be run again for a release that is out:
/// `cargo test -p suite --test api_room freeze -- --ignored`
#[tokio::test]
#[ignore = "writes a file"]
async fn freeze() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let mut shown = serde_json::Map::new();
    for (path, key) in fill(&room, &acme).await {
        let one = key.split_once('#').filter(|(kind, _)| *kind != "K").map(|(_, id)| format!("{path}/{id}"));
        shown.extend(one.into_iter().chain([path]).map(|path| (path, Value::Null)));
    }
    let webhook = room.world.webhook(acme.tenant_id(), "http://127.0.0.1:9/").await.unwrap();
    let next_attempt_at = room.world.clock.now() + SignedDuration::from_hours(1);
    for (number, state) in [
        DeliveryState::Delivered,
        DeliveryState::Waiting { next_attempt_at },
        DeliveryState::Held,
        DeliveryState::Dead { reason: DeadReason::AttemptsExhausted },
        DeliveryState::Discarded,
    ]
    .into_iter()
    .enumerate()
    {
        let event = room.world.event(acme.tenant_id(), &format!("event {number}"));
        let outcome = Outcome::RefusedStatus { status: 500, retry_after: None };
        written(&room, &webhook, &event, state, outcome).await;
        shown.insert(format!("/api/v1/webhooks/{}/deliveries/{}", webhook.id, event.id), Value::Null);
    }
    shown.insert(format!("/api/v1/webhooks/{}/deliveries", webhook.id), Value::Null);
    shown.insert("/api/v1/tenants".to_owned(), Value::Null);
    for (path, answer) in &mut shown {
        *answer = acme.get(path).await.body;
        if path == "/api/v1/tenants" {
            *answer = room.admin().get(path).await.body;
        }
    }
    let mut rows = Vec::new();
    for table in ["registry", "deliveries"] {
        for row in room.world.aws.scan_unbroken(table).unwrap() {
            rows.push(json!({ "table": table, "row": serde_json::to_value(serde_dynamo::Item::from(row)).unwrap() }));
        }
    }
    let blob = rows.iter().find_map(|row| row["row"]["wrapped"]["S"].as_str().map(str::to_owned)).unwrap();
    let plaintext = room.world.aws.kms.data_keys().remove(0);
    let data_key = json!({ "blob": blob, "plaintext": plaintext, "context": { "mailhooks:data-key": "1" } });
    let file = json!({ "tenant": acme.tenant_id().to_string(), "data_key": data_key, "rows": rows, "shown": shown });
    let folder = folder().join(RELEASE).join("rows");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("all.json"), format!("{file:#}\n")).unwrap();
}
