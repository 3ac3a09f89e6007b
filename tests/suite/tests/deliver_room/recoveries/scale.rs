//! A recovery, with crashes, of as many held deliveries as a long outage leaves.
//!
//! The room itself does every page, on the real engine. The test checks how many jobs become visible in each second,
//! and the round of each delivery. A sample of the jobs goes on to the receiver. Reason: a hundred thousand POSTs would
//! take many minutes, and this test is not about them.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};
use shared::delivery::DeliveryState;
use shared::id::EventId;
use shared::queue::job::Job;
use shared::recovery::{Recoverable, Recovery};
use shared::store::{SHARDS, day};
use shared::webhook::Webhook;
use support::world::DELIVERIES;
use support::{Break, Receiver, World};

use crate::Scene;

const COUNT: usize = 100_000;
const PER_SECOND: u32 = 250;
/// One of this many deliveries goes on to the receiver.
const ONE_IN: usize = 500;
/// Number of rows that one call puts.
const CHUNK: usize = 10_000;

/// The call that notes a page. The call after it sends the next job.
const NOTE: &str = "DynamoDB.UpdateItem";

/// The step of a page at which the room crashes.
#[derive(Debug, Clone, Copy)]
enum Crash {
    AmongTheSends,
    BeforeTheNote,
    BeforeTheNextJob,
}

const CRASHES: [(usize, Crash); 3] =
    [(30, Crash::AmongTheSends), (50, Crash::BeforeTheNote), (70, Crash::BeforeTheNextJob)];

/// A job that a page sent.
struct Sent {
    body: String,
    event: EventId,
    round: u32,
    at: Timestamp,
}

/// Holds [`COUNT`] deliveries for `webhook`: their rows are copies of a row that the store wrote. Returns their events.
async fn hold(scene: &Scene, webhook: &Webhook) -> Vec<EventId> {
    let now = scene.world.clock.now();
    let written = scene.stuck(webhook, DeliveryState::Held, 1).await.remove(0);
    let rows = scene.world.aws.scan_unbroken("deliveries").unwrap();
    let model: Map<String, Value> = rows[0].iter().map(|(name, value)| (name.clone(), protocol(value))).collect();
    let since = model["hd_sk"]["S"].as_str().unwrap().split('#').next().unwrap().to_owned();
    let mut held = vec![written.id];
    for first in (1..COUNT).step_by(CHUNK) {
        let mut rows = Vec::new();
        for number in first..COUNT.min(first + CHUNK) {
            let event = scene.world.event(scene.tenant, &format!("held {number}"));
            if number % ONE_IN == 0 {
                scene.world.events.put(&event).await.unwrap();
            }
            let mut row = model.clone();
            let partition = format!("{}#{}#{}", webhook.id, day(event.id.time()), event.id.shard(SHARDS));
            row["pk"] = json!({ "S": partition });
            row["sk"] = json!({ "S": event.id.to_string() });
            row["event"] = json!({ "S": event.id.to_string() });
            row["hd_pk"] = json!({ "S": format!("{}#held#{}", webhook.id, event.id.shard(SHARDS)) });
            row["hd_sk"] = json!({ "S": format!("{since}#{}", event.id) });
            rows.push(Value::Object(row));
            held.push(event.id);
        }
        scene.world.aws.put_unbroken("deliveries", rows).unwrap();
    }
    scene.world.forget_stream().unwrap();
    let last = held[COUNT - 1];
    let row = scene.world.deliveries.get(scene.tenant, webhook.id, last).await.unwrap().unwrap();
    assert_eq!((row.event, row.state, row.round), (last, DeliveryState::Held, 0));
    assert!(row.updated_at < now);
    held
}

fn protocol(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        other => panic!("no delivery has {other:?}"),
    }
}

#[tokio::test]
async fn a_hundred_thousand_held_deliveries_are_recovered_through_crashes_at_the_set_rate() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    let held = hold(&scene, &webhook).await;
    let recovery = Recovery { rate: PER_SECOND, ..scene.recovery(Some(&webhook), &[Recoverable::Held]) };
    scene.begin(&recovery).await;

    let mut sent: Vec<Sent> = Vec::new();
    let mut page_sizes = Vec::new();
    let mut room = scene.world.another_deliver(|_| {}).unwrap();
    while let Some(due) = scene.world.aws.sqs.next_visible(DELIVERIES) {
        let wait = due.duration_since(scene.world.clock.now()) + SignedDuration::from_millis(1);
        scene.world.clock.advance(wait.max(SignedDuration::ZERO));
        scene.world.aws.take_calls();
        let pump = scene.world.pump_queue_with(DELIVERIES, &room);
        let crash = CRASHES.iter().find(|(page, _)| *page == page_sizes.len()).map(|(_, crash)| *crash);
        match crash {
            Some(Crash::AmongTheSends) => tokio::select! {
                _ = pump => panic!("the page was done"),
                () = scene.world.aws.calls_made(60) => {}
            },
            Some(Crash::BeforeTheNote) => {
                scene.world.aws.break_at(NOTE, 0, Break::Before);
                pump.await;
            }
            Some(Crash::BeforeTheNextJob) => {
                scene.world.aws.break_at(NOTE, 1, Break::Before);
                pump.await;
            }
            None => {
                pump.await;
            }
        }
        assert!(!scene.world.aws.call_off_break(), "never reached");
        if crash.is_some() {
            // Another function, with empty caches, takes over.
            room = scene.world.another_deliver(|_| {}).unwrap();
        }
        let calls = scene.world.aws.take_calls();
        let noted = calls.iter().position(|call| call.operation == NOTE);
        // The last page is noted in the call that ends the recovery.
        if let Some(noted) = noted.filter(|_| crash.is_none()) {
            let after: Vec<_> = calls[noted + 1..].iter().map(|call| call.operation.as_str()).collect();
            assert_eq!(after, ["SQS.SendMessageBatch"]);
        }
        let jobs = scene.world.aws.sqs.take(DELIVERIES, |message| message.body.contains("\"kind\":\"deliver\""));
        page_sizes.push(jobs.len());
        sent.extend(jobs.into_iter().map(|message| {
            let Ok(Job::Deliver(job)) = Job::from_json(&message.body) else { panic!("no delivery") };
            Sent { body: message.body, event: job.event, round: job.round, at: message.visible_at }
        }));
    }

    scene.assert_done(&recovery, COUNT as u64, COUNT as u64).await;
    let recovered: HashSet<EventId> = sent.iter().map(|job| job.event).collect();
    assert!(held.iter().all(|event| recovered.contains(event)), "{} of {COUNT}", recovered.len());
    assert_eq!(recovered.len(), COUNT);
    assert!(sent.iter().all(|job| job.round == 1));
    // Two crashed pages were sent again, one after a part of its jobs and one after all of them. There are no other
    // copies.
    let copies = sent.len() - COUNT;
    assert!((1_000..2_000).contains(&copies), "{copies} copies, pages of {page_sizes:?}");
    assert_rate(&mut sent);

    let mut stored: HashSet<EventId> = held.iter().step_by(ONE_IN).copied().collect();
    // Which deliveries were sent twice depends on random ids, so it can be none of the stored ones. One is added.
    let mut seen = HashSet::new();
    let twice = sent.iter().find(|job| !seen.insert(job.event)).unwrap().event;
    let number = held.iter().position(|event| *event == twice).unwrap();
    if stored.insert(twice) {
        let event = World::event_at(scene.tenant, &format!("held {number}"), twice.time());
        assert_eq!(event.id, twice);
        scene.world.events.put(&event).await.unwrap();
        scene.world.forget_stream().unwrap();
    }

    let mut sample: HashMap<EventId, u32> = HashMap::new();
    for job in sent.iter().filter(|job| stored.contains(&job.event)) {
        *sample.entry(job.event).or_default() += 1;
        scene.world.aws.sqs.put(DELIVERIES, &job.body);
    }
    assert_eq!(sample.len(), stored.len());
    assert!(sample[&twice] > 1);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/hook").len(), sample.len(), "each once");
}

/// Checks that in any second of the run the number of jobs that become visible is at most the rate.
fn assert_rate(sent: &mut [Sent]) {
    sent.sort_by_key(|job| job.at);
    let mut first = 0;
    for last in 0..sent.len() {
        while sent[last].at.duration_since(sent[first].at) >= SignedDuration::from_secs(1) {
            first += 1;
        }
        let within = last - first + 1;
        assert!(within <= PER_SECOND as usize, "{within} within a second from {}", sent[first].at);
    }
}
