//! Events of a newer release, which an older one gets from the stream during a deployment or after a rollback.

use serde_json::{Value, json};
use shared::event::{Event, EventType, example};
use shared::id::TenantId;
use shared::queue::job::Job;
use shared::store::events::event_row;
use support::jobs::{has_inserted, with_a_newer_word, with_one_field_more};
use support::world::{DEAD_LETTER, DELIVERIES, DISPATCH_FAILURES, RETRIES};
use support::{Receiver, World};

use super::accept;

/// The row of an event, with the event's JSON in `json`.
fn row_with(event: &Event, json: &str) -> Value {
    let mut row = serde_json::to_value(serde_dynamo::Item::from(event_row(event, 4_000_000_000).unwrap())).unwrap();
    row.as_object_mut().unwrap().remove("packed");
    row["json"] = json!({"S": json});
    row
}

/// The event's JSON, changed as `change` changes the job that carries the event.
fn changed(event: &Event, change: fn(&str) -> Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    let job = Job::first(shared::id::WebhookId::mint(event.accepted_at, [1; 10]), event).to_json();
    let bodies = change(&job).into_iter().filter(|(pointer, _)| pointer.starts_with("/inline"));
    let inline = |body: String| serde_json::from_str::<Value>(&body).unwrap()["inline"].to_string();
    bodies.map(|(pointer, body)| (pointer, inline(body))).collect()
}

fn full_event(world: &World, tenant: TenantId, event_type: EventType, key: &str) -> Event {
    let now = world.clock.now();
    Event::accept(example(event_type, key, now), tenant, None, now)
}

#[tokio::test]
async fn an_event_of_a_newer_release_stops_no_shard_and_waits_for_that_release() {
    let world = World::start().await.unwrap();
    let (tenant, other) = (world.tenant().await.unwrap(), world.tenant().await.unwrap());
    let (receiver, others) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    world.webhook(tenant, &receiver.url("/hook")).await.unwrap();
    world.webhook(other, &others.url("/bystander")).await.unwrap();
    let (mut readable, mut wanted) = (Vec::new(), 0);
    for event_type in [EventType::Bounced, EventType::Rejected, EventType::DeliveryDead] {
        let of_type = full_event(&world, tenant, event_type, "all");
        for (number, (_, json)) in changed(&of_type, with_a_newer_word).into_iter().enumerate() {
            let key = format!("{} {number}", event_type.as_str());
            let event = full_event(&world, tenant, event_type, &key);
            // Only the key counts: the JSON is not read.
            world.aws.put_unbroken("events", vec![row_with(&event, &json)]).unwrap();
            accept(&world, other, &key).await;
            readable.push(serde_json::to_value(serde_dynamo::Item::from(event_row(&event, 4_000_000_000).unwrap())));
            wanted += usize::from(event_type != EventType::DeliveryDead);
        }
    }
    let events = world.event_rows().unwrap().len();
    assert!(events > 15, "{events}");
    assert_eq!(world.pump_stream().await.unwrap(), events, "no record is reported");
    while world.pump_queue(DELIVERIES).await > 0 {}
    assert_eq!(others.count(), events / 2);
    assert!(world.aws.sqs.messages(DISPATCH_FAILURES).is_empty() && world.aws.sqs.messages(DEAD_LETTER).is_empty());
    let parked = world.aws.sqs.messages(RETRIES);
    assert_eq!((parked.len(), receiver.count()), (events / 2, 0));
    assert!(parked.iter().all(|message| matches!(Job::from_json(&message.body), Ok(Job::Dispatch(_)))));

    // The release that knows the words.
    world.aws.put_unbroken("events", readable.into_iter().map(Result::unwrap).collect()).unwrap();
    world.forget_stream().unwrap();
    world.run_until_idle().await.unwrap();
    assert_eq!((receiver.count(), others.count()), (wanted, events / 2));
}

#[tokio::test]
async fn an_event_with_a_field_more_is_dispatched_with_the_field() {
    let world = World::start().await.unwrap();
    let tenant = world.tenant().await.unwrap();
    let receiver = Receiver::start().await.unwrap();
    let all = |mut webhook: shared::webhook::Webhook| {
        webhook.subscription.types = shared::webhook::WantedTypes::AllAnd([EventType::DeliveryDead].into());
        webhook
    };
    world.webhook_with(tenant, &receiver.url("/hook"), all).await.unwrap();
    let mut looked_at = 0;
    for event_type in [EventType::Bounced, EventType::DeliveryDead] {
        let event = full_event(&world, tenant, event_type, "all");
        for (pointer, json) in changed(&event, with_one_field_more) {
            // The stream has inserts only, so each row has a key of its own.
            let inserted = full_event(&world, tenant, event_type, &looked_at.to_string());
            world.aws.put_unbroken("events", vec![row_with(&inserted, &json)]).unwrap();
            assert_eq!(world.pump_stream().await.unwrap(), 1);
            let sent = world.aws.sqs.take(DELIVERIES, |_| true);
            assert_eq!(sent.len(), 1, "{json}");
            assert!(has_inserted(&sent[0].body, pointer), "{}", sent[0].body);
            looked_at += 1;
        }
    }
    assert_eq!(looked_at, 3);
}
