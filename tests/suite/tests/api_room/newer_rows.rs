//! Rows as a newer release may write them: with one more field at any level, with other words, with a higher `v`. Every
//! row that the writers of this release make is changed in each of these ways.

use jiff::SignedDuration;
use serde_json::{Value, json};
use support::world::DELIVERIES;

use crate::room::{Caller, Room};

/// A field that no release has.
const FIELD: &str = "zz_new";

/// Adds a field to each map in a value of DynamoDB's JSON.
fn extend(value: &mut Value) {
    if let Some(map) = value.get_mut("M").and_then(Value::as_object_mut) {
        map.values_mut().for_each(extend);
        map.insert(FIELD.to_owned(), json!({ "S": "kept" }));
    }
    if let Some(list) = value.get_mut("L").and_then(Value::as_array_mut) {
        list.iter_mut().for_each(extend);
    }
}

/// How often the field is in a value.
fn count(value: &Value) -> usize {
    match value {
        Value::Object(map) => map.values().map(count).sum::<usize>() + usize::from(map.contains_key(FIELD)),
        Value::Array(list) => list.iter().map(count).sum(),
        _ => 0,
    }
}

/// The JSON pointers of the texts in a value of DynamoDB's JSON, and of the numbers.
fn words(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                match (name.as_str(), inner) {
                    ("S" | "N", Value::String(_)) => found.push(path.to_owned()),
                    _ => words(inner, &format!("{path}/{name}"), found),
                }
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                words(inner, &format!("{path}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// A tenant with two objects of each kind. The first ones have every field that an object can have.
pub(crate) async fn fill(room: &Room, acme: &Caller<'_>) -> Vec<(String, String)> {
    let since = (room.world.clock.now() - SignedDuration::from_hours(2)).to_string();
    let webhook = json!({
        "url": "https://user:password@receiver.example/1", "backup_url": "https://user:password@backup.example/1",
        "events": ["email.delivered", "email.bounced"], "headers": {"x-one": {"value": "1", "sensitive": true}, "x-two": "2"},
        "metadata": {"a": "b"}, "rate_limit": 5, "retry_policy": {"delays_seconds": [5, 60]}, "domains": ["example.com"],
        "description": "one", "breaker": {"failures": 9}, "paused": true,
    });
    let stream = json!({
        "url": "arn:aws:sqs:eu-central-1:123456789012:mail-events", "events": ["*"],
        "credentials": {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"},
    });
    let source = json!({
        "provider": "brevo", "name": "one", "networks": ["192.0.2.0/24"],
        "credentials": {"basic": [{"username": "in", "password": "password-1"}]},
    });
    let plain = json!({ "provider": "generic", "name": "two" });
    let mut made = Vec::new();
    for (path, prefix, body) in [
        ("/api/v1/webhooks", "W#", &webhook),
        ("/api/v1/webhooks", "W#", &stream),
        ("/api/v1/sources", "S#", &source),
        ("/api/v1/sources", "S#", &plain),
        ("/api/v1/keys", "K#", &json!({ "role": "read" })),
    ] {
        let answer = acme.post(path, body).await;
        assert!(answer.status < 300, "{path}: {answer}");
        made.push((path.to_owned(), format!("{prefix}{}", answer.text("id"))));
    }
    let recover = format!("/api/v1/webhooks/{}/recover", id(&made[1].1));
    let recovery = acme.post(&recover, &json!({ "since": since, "states": ["held", "dead"] })).await;
    assert_eq!(recovery.status, 202, "{recovery}");
    made.push(("/api/v1/recoveries".to_owned(), format!("R#{}", recovery.text("id"))));
    let settings = json!({ "default_dialect": "mailgun", "webhook_secret": "the key of the account" });
    let path = format!("/api/v1/tenants/{}/settings", acme.tenant_id());
    assert_eq!(acme.patch(&path, &settings).await.status, 200);
    made.push((path, "SETTINGS".to_owned()));
    made
}

fn id(sort_key: &str) -> &str {
    sort_key.split_once('#').map_or("", |(_, id)| id)
}

#[tokio::test]
async fn a_change_keeps_the_fields_that_this_release_does_not_know() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    for (path, key) in fill(&room, &acme).await {
        let change = match key.split('#').next().unwrap() {
            "W" => json!({ "description": "another" }),
            "S" => json!({ "name": "another" }),
            "SETTINGS" => json!({ "default_dialect": "standard" }),
            // Nothing changes a key or the fields of a recovery.
            _ => continue,
        };
        let path = if key == "SETTINGS" { path } else { format!("{path}/{}", id(&key)) };
        let extended = |row: &mut Value| {
            let mut whole = json!({ "M": row.take() });
            extend(&mut whole);
            *row = whole["M"].take();
        };
        room.world.edit_row("registry", &key, extended).unwrap();
        let before = room.world.raw_row("registry", &key).unwrap();
        assert!(count(&before) >= 1);
        let answer = acme.patch(&path, &change).await;
        assert_eq!(answer.status, 200, "{key}: {answer}");
        let after = room.world.raw_row("registry", &key).unwrap();
        assert_eq!(count(&after), count(&before), "{key}: {after:#}");
        if key.starts_with("W#") {
            assert_eq!(acme.post(&format!("{path}/rotate-secret"), &json!({})).await.status, 200);
            assert_eq!(count(&room.world.raw_row("registry", &key).unwrap()), count(&before), "{key}");
        }
        // A new data key seals every secret again.
        let rotation = &room.world.registry.data_key_rotation;
        rotation.next_data_key().await.unwrap();
        rotation.reseal().await.unwrap();
        assert_eq!(count(&room.world.raw_row("registry", &key).unwrap()), count(&before), "{key}");
    }
}

#[tokio::test]
async fn if_any_word_of_a_row_is_new_its_neighbours_are_listed_and_dispatch_goes_on() {
    let room = Room::start().await;
    let acme = room.tenant().await;
    let made = fill(&room, &acme).await;
    let mut changes = 0;
    for (path, key) in &made {
        let good = room.world.raw_row("registry", key).unwrap();
        let mut pointers = Vec::new();
        words(&good, "", &mut pointers);
        pointers.retain(|pointer| !["/pk", "/sk"].contains(&pointer.as_str()));
        for pointer in pointers {
            for (new, is_word) in [(json!({ "S": "zz_new" }), true), (json!({ "N": "99" }), false)] {
                let mut bad = good.clone();
                *bad.pointer_mut(&pointer).unwrap() = new;
                room.world.put_row("registry", bad).unwrap();
                changes += 1;
                let list = acme.get(path).await;
                if key != "SETTINGS" {
                    let total = made.iter().filter(|(of, _)| of == path).count();
                    // The tenant has its first key too.
                    let total = total + usize::from(path == "/api/v1/keys");
                    assert_eq!(list.data().len(), total, "{key}{pointer}: {list}");
                    let unreadable = list.data().iter().filter(|entry| entry["unreadable"] == true).count();
                    assert!(unreadable <= 1, "{key}{pointer}: {list}");
                }
                assert!(list.status == 200 || key == "SETTINGS" && list.status == 409, "{key}{pointer}: {list}");
                // One of the two shows what dispatch does.
                if key.starts_with("W#") && is_word {
                    let event = room.world.event(acme.tenant_id(), &format!("{key}{pointer}{changes}"));
                    room.world.events.put(&event).await.unwrap();
                    assert_eq!(room.world.pump_stream().await.unwrap(), 1, "{key}{pointer}");
                    let one = acme.get(&format!("{path}/{}", id(key))).await;
                    assert!([200, 409].contains(&one.status), "{key}{pointer}: {one}");
                }
            }
        }
        room.world.put_row("registry", good).unwrap();
    }
    assert!(changes > 100, "{changes}");
    assert!(!room.world.aws.sqs.messages(DELIVERIES).is_empty());
}
