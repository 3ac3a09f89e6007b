//! Posts of many events. A post of the documented maximum size fits into the template's memory and takes few calls, and
//! each event is stored once.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};
use shared::event::Event;
use shared::provider::{MAX_PROVIDER_BATCH, Provider};
use shared::source::Verification;
use shared::tenant::Role;
use support::Call;

use crate::room::{Room, publication};

pub(crate) const MIB: usize = 1024 * 1024;
/// Maximum statements of one `BatchExecuteStatement`.
const STATEMENTS: usize = 25;

/// A SendGrid post with `count` events of about `size` bytes each.
pub(crate) fn sendgrid(count: usize, size: usize) -> String {
    let entry = |number: usize| {
        let mut entry = json!({
            "event": "delivered", "email": format!("reader-{number}@example.com"), "timestamp": 1_767_323_045,
            "sg_event_id": format!("event-{number}"), "sg_message_id": format!("message-{number}"), "filler": "",
        });
        // Digits of powers do not compress, so that rows stay large.
        let mut seed = number as u64 + 1;
        let mut filler = String::new();
        while entry.to_string().len() + filler.len() < size {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let _infallible = write!(filler, "{:08x}", seed >> 32);
        }
        entry["filler"] = filler.into();
        entry
    };
    (0..count).map(entry).collect::<Value>().to_string()
}

/// The provider's ids of the stored events.
pub(crate) fn ids<'a>(events: impl IntoIterator<Item = &'a Event>) -> BTreeSet<String> {
    events.into_iter().map(|event| event.facts.provider_event_id.clone()).collect()
}

fn count(calls: &[Call], operation: &str) -> usize {
    calls.iter().filter(|call| call.operation == operation).count()
}

#[tokio::test]
async fn the_largest_post_is_stored_in_a_call_for_25_events() {
    let room = Room::start().await;
    let (_, key) = room.source(Provider::SendGrid, Verification::Unsigned).await;
    for size in [400, 800] {
        let body = sendgrid(MAX_PROVIDER_BATCH, size);
        assert!((3 * MIB / 2..=4 * MIB).contains(&body.len()), "{}", body.len());
        room.world.aws.take_calls();
        assert_eq!(room.post(&key, body).await.status, 200);
        let calls = room.world.aws.take_calls();
        let (writes, others) = (count(&calls, "DynamoDB.BatchExecuteStatement"), count(&calls, "DynamoDB.PutItem"));
        if size == 400 {
            assert_eq!((writes, others), (MAX_PROVIDER_BATCH / STATEMENTS, 0));
            // The ingest key, the source and the tenant are read once.
            assert!(calls.len() <= writes + 3, "{} calls", calls.len());
        } else {
            // All events were stored before. The first four calls show this. After that, the room reads the rest, 100
            // in a call. It may also read the ingest key, the source and the tenant again.
            assert!(calls.len() <= MAX_PROVIDER_BATCH / 100 + 4 + 3, "{} calls", calls.len());
        }
        assert_eq!(ids(room.stored().values()).len(), MAX_PROVIDER_BATCH);
    }
    assert_eq!(room.stored().len(), MAX_PROVIDER_BATCH);
}

#[tokio::test]
async fn a_single_event_is_one_put() {
    let room = Room::start().await;
    let (_, key) = room.source(Provider::SendGrid, Verification::Unsigned).await;
    let twice = format!("[{0},{0}]", sendgrid(1, 300).trim_matches(['[', ']']));
    for body in [sendgrid(1, 300), twice] {
        assert_eq!(room.post(&key, body).await.status, 200);
        let calls = room.world.aws.take_calls();
        assert_eq!(count(&calls, "DynamoDB.PutItem"), 1, "{calls:?}");
        assert_eq!(count(&calls, "DynamoDB.BatchExecuteStatement"), 0, "{calls:?}");
    }
    assert_eq!(room.stored().len(), 1);
}

#[tokio::test]
async fn a_batch_costs_the_write_units_of_its_events() {
    let mut units = Vec::new();
    for in_one_post in [true, false] {
        let room = Room::start().await;
        let (_, key) = room.source(Provider::SendGrid, Verification::Unsigned).await;
        let body = sendgrid(30, 2_000);
        let entries: Vec<Value> = serde_json::from_str(&body).unwrap();
        let posts = if in_one_post { vec![body] } else { entries.iter().map(Value::to_string).collect() };
        room.world.aws.take_units();
        for post in posts {
            assert_eq!(room.post(&key, post).await.status, 200);
        }
        units.push(room.world.aws.take_units().writes);
    }
    assert!(units[0] >= 30.0, "{units:?}");
    assert!((units[0] - units[1]).abs() < f64::EPSILON, "{units:?}");
}

/// DynamoDB refuses the whole batch if two of its statements write the same item.
#[tokio::test]
async fn of_two_entries_with_one_id_the_first_is_stored_and_the_second_is_a_duplicate() {
    let room = Room::start().await;
    let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
    let event = |id: &str, recipient: &str| json!({"type": "email.sent", "id": id, "timestamp": "2026-01-02T03:04:05Z", "recipient": recipient});
    // First both events are in one call, then in two calls.
    let mut batch: Vec<Value> = (0..60).map(|number| event(&format!("e-{number}"), "first@example.com")).collect();
    batch[7] = event("e-3", "second@example.com");
    batch[8] = event("e-3", "third@example.com");
    batch[50] = event("e-1", "second@example.com");
    for repeat in [false, true] {
        let answer = room.send(publication(&key), Value::from(batch.clone()).to_string()).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let data = answer.body["data"].as_array().unwrap();
        assert_eq!(data.len(), 60);
        for (number, one) in data.iter().enumerate() {
            assert_eq!(one["duplicate"], repeat || [7, 8, 50].contains(&number), "{number}");
        }
        assert_eq!((&data[7]["id"], &data[8]["id"], &data[50]["id"]), (&data[3]["id"], &data[3]["id"], &data[1]["id"]));
    }
    let stored = room.stored();
    assert_eq!(stored.len(), 57);
    let recipient = |event: &Event| event.facts.recipient.as_ref().map(|recipient| recipient.expose().to_owned());
    assert!(stored.values().all(|event| recipient(event).as_deref() == Some("first@example.com")));
}

/// A call also has a maximum size in bytes. So rows of large events do not share one call of ten megabytes.
#[tokio::test]
async fn large_events_share_calls_by_their_bytes() {
    let room = Room::start().await;
    let (_, key) = room.source(Provider::SendGrid, Verification::Unsigned).await;
    let body = sendgrid(32, 120 * 1024);
    room.world.aws.take_calls();
    assert_eq!(room.post(&key, body).await.status, 200);
    let calls = room.world.aws.take_calls();
    assert!((3..=8).contains(&count(&calls, "DynamoDB.BatchExecuteStatement")), "{calls:?}");
    assert_eq!(room.stored().len(), 32);
}
