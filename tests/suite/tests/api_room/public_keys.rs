//! The cost of the key-set route. Everybody may call it, so it reads the registry at most once in 30 s for an id, and
//! it opens no secret.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use axum::body::Body;
use axum::http::Request;
use futures::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::store::registry::Resealed;
use support::Break;

use crate::room::{Caller, Room, nobodys};

/// How long a room caches an answer.
const REMEMBERED: SignedDuration = SignedDuration::from_secs(30);

/// Calls the route without a key. Returns the ids of the keys in the answer.
async fn keys_of(room: &Room, id: &str) -> BTreeSet<String> {
    let request = Request::get(format!("/.well-known/webhooks/{id}")).body(Body::empty());
    let answer = room.send(request.unwrap()).await;
    assert_eq!(answer.status, 200, "{answer}");
    answer.body["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn hook(tenant: &Caller<'_>, signature: &str) -> Value {
    let metadata: Value = (0..15).map(|key| (format!("k{key}"), json!("m".repeat(500)))).collect();
    let hook =
        json!({ "url": "https://example.com/hook", "events": ["*"], "signature": signature, "metadata": metadata });
    let made = tenant.post("/api/v1/webhooks", &hook).await;
    assert_eq!(made.status, 201, "{made}");
    made.body
}

fn key_id(webhook: &Value) -> String {
    webhook["public_key_id"].as_str().unwrap().to_owned()
}

async fn rotated(tenant: &Caller<'_>, webhook: &Value, how: &Value) -> Value {
    let path = format!("/api/v1/webhooks/{}/rotate-secret", webhook["id"].as_str().unwrap());
    let rotated = tenant.post(&path, how).await;
    assert_eq!(rotated.status, 200, "{rotated}");
    rotated.body
}

/// Starts the room again in the same world, with an empty cache.
fn started_anew(room: Room) -> Room {
    let sdk = room.world.sdk.clone();
    Room::of(room.world, &sdk)
}

#[tokio::test]
async fn a_caller_that_asks_often_costs_one_read_in_30_seconds_and_opens_no_secret() {
    let room = Room::start().await;
    let (empty, with_v1, with_v1a) = (room.tenant().await, room.tenant().await, room.tenant().await);
    for _ in 0..3 {
        hook(&with_v1, "v1").await;
        hook(&with_v1a, "v1").await;
    }
    let made = hook(&with_v1a, "v1a").await;
    let id = |caller: &Caller<'_>| caller.tenant.clone().unwrap();
    let (empty, with_v1, with_v1a) = (id(&empty), id(&with_v1), id(&with_v1a));
    let room = started_anew(room);
    // KMS fails, so that no secret can be opened.
    room.world.aws.kms.refuse(true);
    for (id, keys, reads) in [
        (empty.as_str(), vec![], 1),
        (&with_v1, vec![], 1),
        (&with_v1a, vec![key_id(&made)], 1),
        (&nobodys("ten_"), vec![], 1),
        ("nobody", vec![], 0),
        (&nobodys("wh_"), vec![], 0),
    ] {
        for _ in 0..2 {
            room.world.aws.take_calls();
            room.world.aws.take_units();
            for _ in 0..10 {
                assert_eq!(keys_of(&room, id).await, keys.iter().cloned().collect(), "{id}");
            }
            // Nearly as cheap as possible, even if the tenant has much else.
            assert!(room.world.aws.take_units().reads <= 1.0, "{id}");
            assert_eq!(room.world.aws.count_calls(), reads, "{id}: {:?}", room.world.aws.take_calls());
            room.world.clock.advance(REMEMBERED);
        }
    }
}

#[tokio::test]
async fn calls_at_the_same_moment_read_once() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    hook(&tenant, "v1a").await;
    let id = tenant.tenant.clone().unwrap();
    let room = started_anew(room);
    room.world.aws.take_calls();
    let answers = join_all((0..50).map(|_| keys_of(&room, &id))).await;
    assert!(answers.iter().all(|keys| keys.len() == 1));
    assert_eq!(room.world.aws.count_calls(), 1);
}

#[tokio::test]
async fn ids_of_nobody_do_not_drive_out_tenants() {
    let room = Room::start().await;
    let id = room.tenant().await.tenant.unwrap();
    keys_of(&room, &id).await;
    for _ in 0..600 {
        keys_of(&room, &nobodys("ten_")).await;
    }
    room.world.aws.take_calls();
    keys_of(&room, &id).await;
    assert_eq!(room.world.aws.count_calls(), 0);
}

#[tokio::test]
async fn a_read_that_fails_is_not_remembered() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let made = hook(&tenant, "v1a").await;
    let id = tenant.tenant.clone().unwrap();
    room.world.aws.break_call(0, Break::Before);
    let request = Request::get(format!("/.well-known/webhooks/{id}")).body(Body::empty());
    assert_eq!(room.send(request.unwrap()).await.status, 503);
    assert_eq!(keys_of(&room, &id).await, BTreeSet::from([key_id(&made)]));
}

/// A new function answers what the table holds at that time.
#[tokio::test]
async fn keys_follow_their_webhooks_through_every_change() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let id = tenant.tenant.clone().unwrap();
    let stored = async || {
        let keys = room.world.another_registry().public_keys.of_tenant(tenant.tenant_id()).await.unwrap().unwrap();
        keys.iter().map(|published| published.key.id()).collect::<BTreeSet<_>>()
    };
    let (first, second) = (hook(&tenant, "v1a").await, hook(&tenant, "v1").await);
    assert_eq!(stored().await, BTreeSet::from([key_id(&first)]));
    let path = format!("/api/v1/webhooks/{}", first["id"].as_str().unwrap());
    assert_eq!(tenant.patch(&path, &json!({ "description": "another" })).await.status, 200);
    let changed = rotated(&tenant, &second, &json!({ "signature": "v1a" })).await;
    assert_eq!(stored().await, BTreeSet::from([key_id(&first), key_id(&changed)]));
    // The former key is in the set as long as deliveries are signed with it.
    let again = rotated(&tenant, &first, &json!({ "overlap_seconds": 60 })).await;
    let three = BTreeSet::from([key_id(&first), key_id(&again), key_id(&changed)]);
    assert_eq!((stored().await, keys_of(&room, &id).await), (three.clone(), three));
    room.world.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(keys_of(&room, &id).await, BTreeSet::from([key_id(&again), key_id(&changed)]));
    rotated(&tenant, &second, &json!({ "signature": "v1", "overlap_seconds": 0 })).await;
    assert_eq!(stored().await, BTreeSet::from([key_id(&again), key_id(&first)]));
    assert_eq!(tenant.delete(&path).await.status, 204);
    assert_eq!(stored().await, BTreeSet::new());
    assert_eq!(keys_of(&room, &id).await, BTreeSet::new());
}

#[tokio::test]
async fn all_keys_of_a_tenant_with_many_webhooks_are_served() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let mut made = BTreeSet::new();
    for _ in 0..30 {
        let webhook = hook(&tenant, "v1a").await;
        made.insert(key_id(&webhook));
        made.insert(key_id(&rotated(&tenant, &webhook, &json!({})).await));
    }
    room.world.aws.take_calls();
    assert_eq!(keys_of(&room, tenant.tenant.as_deref().unwrap()).await, made);
    assert_eq!((made.len(), room.world.aws.count_calls()), (60, 1));
}

/// Changes the rows to those of an older version, which stored public keys only inside the secrets.
async fn as_older_versions_did(room: &Room) {
    let dynamo = aws_sdk_dynamodb::Client::new(&room.world.sdk);
    for row in room.world.aws.scan_unbroken("registry").unwrap() {
        let (pk, sk) = (row["pk"].clone(), row["sk"].clone());
        if sk.as_s().unwrap().starts_with("TENANT#P#") {
            dynamo.delete_item().table_name("registry").key("pk", pk).key("sk", sk).send().await.unwrap();
        } else if row.contains_key("public_keys_apart") {
            let call = dynamo.update_item().table_name("registry").key("pk", pk).key("sk", sk);
            call.update_expression("REMOVE public_keys_apart").send().await.unwrap();
        }
    }
}

#[tokio::test]
async fn keys_from_before_they_stood_apart_are_served_and_set_apart_with_the_data_key() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let (kept, gone) = (hook(&tenant, "v1a").await, hook(&tenant, "v1a").await);
    hook(&tenant, "v1").await;
    let id = tenant.tenant.clone().unwrap();
    as_older_versions_did(&room).await;
    let room = started_anew(room);
    let both = BTreeSet::from([key_id(&kept), key_id(&gone)]);
    assert_eq!(keys_of(&room, &id).await, both);
    // The room has to open these secrets, but it opens them no more often than it reads the table.
    room.world.aws.take_calls();
    assert_eq!((keys_of(&room, &id).await, room.world.aws.count_calls()), (both.clone(), 0));

    let resealed = room.world.another_registry().data_key_rotation.reseal().await.unwrap();
    assert_eq!(resealed, Resealed { rows: 3, changed: 0, missed: 0, unreadable: 0 });
    let room = started_anew(room);
    room.world.aws.kms.refuse(true);
    assert_eq!(keys_of(&room, &id).await, both);
    room.world.aws.kms.refuse(false);
    // From now on, these keys expire like all others.
    let tenant = room.admin().about(&id);
    let path = format!("/api/v1/webhooks/{}", gone["id"].as_str().unwrap());
    assert_eq!(tenant.delete(&path).await.status, 204);
    room.world.another_registry().data_key_rotation.reseal().await.unwrap();
    assert_eq!(keys_of(&room, &id).await, BTreeSet::from([key_id(&kept)]));
}

#[tokio::test]
async fn setting_keys_apart_goes_on_after_a_crash_at_any_call() {
    for calls_before in 0..12 {
        for how in [Break::Before, Break::After, Break::Collision] {
            let room = Room::start().await;
            let tenant = room.tenant().await;
            let made = BTreeSet::from([key_id(&hook(&tenant, "v1a").await), key_id(&hook(&tenant, "v1a").await)]);
            let id = tenant.tenant.clone().unwrap();
            as_older_versions_did(&room).await;
            room.world.aws.break_call(calls_before, how);
            let _may_crash = room.world.another_registry().data_key_rotation.reseal().await;
            room.world.aws.call_off_break();
            assert_eq!(keys_of(&started_anew(room), &id).await, made, "{calls_before} {how:?}");
        }
    }
}

/// The row of public keys holds no secret, and names nothing except keys.
#[tokio::test]
async fn what_stands_apart_is_public() {
    let room = Room::start().await;
    let tenant = room.tenant().await;
    let made = hook(&tenant, "v1a").await;
    let rows = room.world.aws.scan_unbroken("registry").unwrap();
    let row = rows.iter().find(|row| row["sk"].as_s().unwrap().starts_with("TENANT#P#")).unwrap();
    let keys = row["keys"].as_l().unwrap();
    let key = AttributeValue::S(made["public_key"].as_str().unwrap().to_owned());
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0].as_m().unwrap().iter().collect::<Vec<_>>(), [(&"key".to_owned(), &key)]);
}
