//! Events are delivered to Mailjet's webhooks as Mailjet sends them.

use serde_json::{Value, json};
use shared::breaker::BreakerSettings;
use shared::event::{Event, EventType, Facts, Recipient};
use shared::provider::Provider;
use shared::webhook::Webhook;
use support::{Answer, Receiver};

use super::{Client, only, stored};
use crate::room::{Caller, Room};

async fn accept(room: &Room, caller: &Caller<'_>, event_type: EventType, key: &str) -> Event {
    let now = room.world.clock.now();
    let mut facts = Facts::new(event_type, Provider::Own, event_type.as_str(), key, now);
    facts.recipient = Recipient::new("reader@example.com");
    let event = Event::accept(facts, caller.tenant_id(), None, now);
    room.world.events.put(&event).await.unwrap();
    event
}

fn words(receiver: &Receiver, path: &str) -> Vec<String> {
    let bodies = receiver.received(path);
    let word = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap()["event"].as_str().unwrap().to_owned();
    bodies.iter().map(|post| word(&post.body)).collect()
}

#[tokio::test]
async fn each_url_gets_the_events_of_its_type() {
    let room = Room::with_receivers().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let receiver = Receiver::start().await.unwrap();
    for event in ["open", "blocked"] {
        client.made(json!({ "EventType": event, "Url": receiver.url(&format!("/{event}")) })).await;
    }
    for event_type in [EventType::Opened, EventType::Rejected, EventType::Failed, EventType::Clicked] {
        accept(&room, &acme, event_type, event_type.as_str()).await;
    }
    room.world.run_until_idle().await.unwrap();
    assert_eq!(words(&receiver, "/open"), ["open"]);
    assert_eq!(words(&receiver, "/blocked"), ["blocked"; 2]);
    assert_eq!(receiver.count(), 3);
}

#[tokio::test]
async fn the_backup_gets_what_the_main_url_refuses_and_everything_when_it_is_alone() {
    let room = Room::with_receivers().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/main", [Answer::Status(500)]);
    let given = json!({ "EventType": "open", "Url": receiver.url("/backup"), "IsBackup": true });
    let count = |path| receiver.received(path).len();
    let wait = async || room.world.clock.advance(jiff::SignedDuration::from_secs(31)); // past the cache's time

    client.made(given).await;
    accept(&room, &acme, EventType::Opened, "alone").await;
    room.world.run_until_idle().await.unwrap();
    assert_eq!((count("/main"), count("/backup")), (0, 1));

    wait().await;
    let main = client.made(json!({ "EventType": "open", "Url": receiver.url("/main") })).await;
    accept(&room, &acme, EventType::Opened, "both").await;
    room.world.run_until_idle().await.unwrap();
    assert_eq!((count("/main"), count("/backup")), (1, 2));

    wait().await;
    assert_eq!(client.delete(main).await.status, 204);
    accept(&room, &acme, EventType::Opened, "alone again").await;
    room.world.run_until_idle().await.unwrap();
    assert_eq!((count("/main"), count("/backup")), (1, 3));
}

#[tokio::test]
async fn version_2_sends_up_to_ten_in_an_array() {
    let room = Room::with_receivers().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let receiver = Receiver::start().await.unwrap();
    client.made(json!({ "EventType": "open", "Url": receiver.url("/hook"), "Version": 2 })).await;
    for number in 0..20 {
        accept(&room, &acme, EventType::Opened, &number.to_string()).await;
    }
    room.world.run_until_idle().await.unwrap();
    let posts = receiver.received("/hook");
    let sizes: Vec<_> =
        posts.iter().map(|post| serde_json::from_slice::<Vec<Value>>(&post.body).unwrap().len()).collect();
    assert_eq!(sizes, [10, 10]);
}

#[tokio::test]
async fn a_url_that_fails_for_long_is_dead_and_what_it_missed_arrives_once_it_is_alive() {
    let room = Room::with_receivers().await;
    let acme = room.tenant().await;
    let client = Client::of(&room, &acme);
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/main", [Answer::Status(500)]);
    receiver.script("/backup", [Answer::Status(500)]);
    let id = client.made(json!({ "EventType": "open", "Url": receiver.url("/main") })).await;
    let given = json!({ "EventType": "open", "Url": receiver.url("/backup"), "IsBackup": true });
    let backup = client.made(given).await;
    let status = async |id: u64| only(&client.get(&format!("/{id}")).await)["Status"].clone();
    let quick = BreakerSettings { failures: 3, window_seconds: 0, disable_after_hours: 1 };
    let webhook = Webhook { breaker: quick, ..stored(&room, &acme).await };
    room.world.registry.webhook_writer.replace(&webhook, None).await.unwrap();

    for number in 0..5 {
        accept(&room, &acme, EventType::Opened, &number.to_string()).await;
    }
    room.world.run_until_idle().await.unwrap();
    assert_eq!((status(id).await, status(backup).await), (json!("dead"), json!("dead")));
    let native = acme.get(&format!("/api/v1/webhooks/{}", webhook.id)).await;
    assert_eq!(native.body["disabled_reason"], "failing");
    accept(&room, &acme, EventType::Opened, "while dead").await;
    let before = receiver.count();
    room.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), before, "nothing is posted to a URL that is `dead`");

    receiver.script("/main", [Answer::Status(200)]);
    let accepted = |posts: usize| receiver.received("/main").len() - posts;
    let failed = receiver.received("/main").len();
    let alive = client.put(id, json!({ "Status": "alive" })).await;
    assert_eq!((alive.status, status(backup).await), (200, json!("alive")));
    room.world.run_until_idle().await.unwrap();
    assert_eq!(accepted(failed), 6);
}
