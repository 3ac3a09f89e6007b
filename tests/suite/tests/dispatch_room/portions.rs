//! A batch of any size is sent in bounded portions, within the invocation's time, and a replay repeats little of it.

use std::collections::HashMap;

use jiff::SignedDuration;
use shared::id::{TenantId, WebhookId};
use support::World;
use support::world::DELIVERIES;

use super::{accept, operations};

/// The number of copies of each job in the queue.
fn copies(world: &World) -> HashMap<String, usize> {
    let mut copies = HashMap::new();
    for message in world.aws.sqs.messages(DELIVERIES) {
        *copies.entry(message.body).or_default() += 1;
    }
    copies
}

async fn webhooks(world: &World, tenant: TenantId, count: usize) -> Vec<WebhookId> {
    let mut ids = Vec::new();
    for number in 0..count {
        ids.push(world.webhook(tenant, &format!("http://127.0.0.1:9/{number}")).await.unwrap().id);
    }
    ids
}

#[tokio::test]
async fn the_tenants_of_a_batch_are_read_in_one_call() {
    let world = World::start().await.unwrap();
    for number in 0..130 {
        let tenant = world.tenant().await.unwrap();
        accept(&world, tenant, &format!("event {number}")).await;
    }
    let count = |operations: &[String], name: &str| operations.iter().filter(|operation| *operation == name).count();
    world.aws.take_calls();
    assert_eq!(world.pump_stream().await.unwrap(), 130);
    let calls = operations(&world);
    assert_eq!(count(&calls, "DynamoDB.BatchGetItem"), 2, "100 keys a call: {calls:?}");
    assert_eq!(count(&calls, "DynamoDB.GetItem"), 0);
}

#[tokio::test]
async fn of_a_tenant_that_does_not_exist_nothing_is_owed() {
    let world = World::start().await.unwrap();
    let nobody = TenantId::mint(world.clock.now(), [9; 10]);
    accept(&world, nobody, "a").await;
    assert_eq!(world.pump_stream().await.unwrap(), 1);
    assert!(world.aws.sqs.messages(DELIVERIES).is_empty());
}

#[tokio::test]
async fn what_is_not_reached_in_time_is_reported_and_sent_later() {
    let world = World::start().await.unwrap();
    let tenant = world.tenant().await.unwrap();
    webhooks(&world, tenant, 3).await;
    for number in 0..5 {
        accept(&world, tenant, &format!("event {number}")).await;
    }
    assert_eq!(world.pump_stream_within(SignedDuration::from_secs(4)).await.unwrap(), 0);
    assert!(world.aws.sqs.messages(DELIVERIES).is_empty());
    assert_eq!(world.pump_stream().await.unwrap(), 5);
    assert!(copies(&world).len() == 15 && copies(&world).values().all(|copies| *copies == 1));
}

/// SQS refuses one job of the first record for a while. The record and all records behind it are replayed, and
/// confirmed jobs are not sent again.
#[tokio::test]
async fn a_replay_sends_what_was_not_confirmed_and_nothing_else() {
    let world = World::start().await.unwrap();
    let tenant = world.tenant().await.unwrap();
    let webhooks = webhooks(&world, tenant, 7).await;
    for number in 0..6 {
        accept(&world, tenant, &format!("event {number}")).await;
    }
    let batch = world.next_stream_batch(1).unwrap().unwrap();
    let first = batch.records[0].change.sequence_number.clone().unwrap();
    world.aws.sqs.refuse_entries_with(&[first, webhooks[3].to_string()], false);
    assert_eq!(world.pump_stream().await.unwrap(), 0, "the first record is reported");
    world.aws.sqs.refuse_entries_with(&[], false);
    assert_eq!(world.pump_stream().await.unwrap(), 6);
    let copies = copies(&world);
    assert_eq!(copies.len(), 42);
    assert!(copies.values().all(|copies| *copies == 1), "{copies:?}");
}

/// If all calls fail, no later portion is sent behind the record that is reported.
#[tokio::test]
async fn nothing_of_a_later_portion_is_sent_behind_a_reported_record() {
    let world = World::start().await.unwrap();
    let tenant = world.tenant().await.unwrap();
    webhooks(&world, tenant, 100).await;
    for number in 0..10 {
        accept(&world, tenant, &format!("event {number}")).await;
    }
    world.aws.sqs.refuse_entries(1_000_000);
    assert_eq!(world.pump_stream().await.unwrap(), 0);
    let sends = operations(&world).iter().filter(|operation| *operation == "SQS.SendMessageBatch").count();
    assert!(sends <= 3 * 40, "one portion of 400 jobs, three tries: {sends} calls");
    world.aws.sqs.refuse_entries(0);
    assert_eq!(world.pump_stream().await.unwrap(), 10);
    assert!(copies(&world).len() == 1_000 && copies(&world).values().all(|copies| *copies == 1));
}
