//! The platform's own posts, as its senders make them. A source of the provider `generic` receives them, and a receiver
//! gets them in the platform's dialect.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::Request;
use serde_json::{Value, json};
use shared::dialect::Dialect;
use shared::event::EventType;
use shared::provider::Provider;
use shared::source::Verification;
use support::Receiver;

use crate::room::{Answer, Room};

/// The platform's event names without their prefix, and our types for them.
const WORDS: [(&str, EventType); 6] = [
    ("delivery", EventType::Delivered),
    ("bounce", EventType::Bounced),
    ("open", EventType::Opened),
    ("click", EventType::Clicked),
    ("complaint", EventType::Complained),
    ("unsubscribe", EventType::Unsubscribed),
];

/// A sender of the platform: it posts to `/api/webhooks` with the key in the header.
struct Sender {
    room: Room,
    authorization: [String; 2],
}

impl Sender {
    async fn start() -> Self {
        let room = Room::start().await;
        let (_, key) = room.source(Provider::Generic, Verification::Unsigned).await;
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("platform:{}", key.expose())));
        Self { room, authorization: [format!("Bearer {}", key.expose()), basic] }
    }

    /// Posts twice: with the key as bearer token, then with the key as basic password. The second post is a retry of
    /// the first.
    async fn post(&self, body: &Value) -> Answer {
        let [first, second] = self.authorization.each_ref().map(|authorization| {
            Request::post("/api/webhooks")
                .header("authorization", authorization)
                .header("content-type", "application/json")
        });
        let answer = self.room.send(first, body.to_string()).await;
        let again = self.room.send(second, body.to_string()).await;
        let said = |answer: &Answer| (answer.status, answer.body["received"].clone(), answer.body["detail"].clone());
        assert_eq!(said(&again), said(&answer));
        answer
    }
}

fn post(word: &str, email_id: &str) -> Value {
    json!({
        "type": word,
        "email_id": email_id,
        "recipient": "reader@example.com",
        "timestamp": "2026-01-02T03:04:05Z",
    })
}

#[tokio::test]
async fn every_word_is_taken_and_leaves_as_it_came() {
    let sender = Sender::start().await;
    let receiver = Receiver::start().await.unwrap();
    let world = &sender.room.world;
    let of_platform = |webhook| shared::webhook::Webhook { dialect: Dialect::Platform, ..webhook };
    world.webhook_with(sender.room.tenant, &receiver.url("/hook"), of_platform).await.unwrap();
    let mut expected = Vec::new();
    for (word, _) in WORDS {
        for prefix in ["", "email."] {
            let id = format!("{prefix}{word}@example.com");
            let answer = sender.post(&post(&format!("{prefix}{word}"), &id)).await;
            assert_eq!((answer.status, answer.body), (200, json!({ "received": true })), "{prefix}{word}");
            // Event names in deliveries always have the prefix.
            expected.push(post(&format!("email.{word}"), &id));
        }
    }
    let stored = sender.room.stored();
    assert_eq!(stored.len(), expected.len());
    for (word, event_type) in WORDS {
        for prefix in ["", "email."] {
            let id = format!("{prefix}{word}@example.com");
            let facts = |event: &shared::event::Event| event.facts.email_message_id.as_deref() == Some(&id);
            let facts = &stored.values().find(|event| facts(event)).unwrap().facts;
            assert_eq!((facts.event_type, facts.provider), (event_type, Provider::Generic), "{prefix}{word}");
            assert_eq!(facts.provider_event, format!("{prefix}{word}"));
            assert_eq!(facts.recipient.as_ref().unwrap().expose(), "reader@example.com");
            assert_eq!(facts.occurred_at.to_string(), "2026-01-02T03:04:05Z");
        }
    }

    world.run_until_idle().await.unwrap();
    let mut got: Vec<Value> = Vec::new();
    for delivery in receiver.received("/hook") {
        got.push(serde_json::from_slice(&delivery.body).unwrap());
    }
    let bounced = |body: &&mut Value| body["type"] == "email.bounce";
    // The sender did not say whether the bounce is hard, so the delivery says that it is undetermined.
    expected.iter_mut().filter(bounced).for_each(|body| body["bounce_type"] = json!("undetermined"));
    let id = |body: &Value| body["email_id"].to_string();
    got.sort_by_key(id);
    expected.sort_by_key(id);
    assert_eq!(got, expected);
}

#[tokio::test]
async fn type_and_email_id_are_all_that_it_needs() {
    let sender = Sender::start().await;
    let before = sender.room.world.clock.now();
    assert_eq!(sender.post(&json!({ "type": "open", "email_id": "m-1" })).await.status, 200);
    let stored = sender.room.stored();
    assert_eq!(stored.len(), 1);
    let facts = &stored.values().next().unwrap().facts;
    assert_eq!((facts.email_message_id.as_deref(), &facts.recipient), (Some("m-1"), &None));
    // If an event has no time, its time is the time of its arrival.
    assert!((before..=sender.room.world.clock.now()).contains(&facts.occurred_at));
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_named_and_nothing_is_stored() {
    let sender = Sender::start().await;
    let mut refusals = Vec::new();
    for body in [
        json!({ "email_id": "m-1", "recipient": "a@example.com", "timestamp": "2026-01-02T03:04:05Z" }),
        json!({ "type": "open", "recipient": "a@example.com" }),
        json!({}),
        json!({ "type": "", "email_id": null }),
        json!({ "type": "open", "email_id": "m-1", "timestamp": "yesterday" }),
        json!("open"),
    ] {
        let answer = sender.post(&body).await;
        refusals.push(format!("{} {}", answer.status, answer.body["detail"].as_str().unwrap()));
    }
    insta::assert_snapshot!(refusals.join("\n"), @r#"
    422 /type: is required, as a text that is not empty
    422 /email_id: is required, as a text that is not empty
    422 /type: is required, as a text that is not empty; /email_id: is required, as a text that is not empty
    422 /type: is required, as a text that is not empty; /email_id: is required, as a text that is not empty
    422 /timestamp: expected RFC 3339, as in `2026-01-02T03:04:05Z`, or Unix seconds
    400 The body must be a JSON object, or an array of them.
    "#);
    assert!(sender.room.stored().is_empty());
}

/// The event is stored, and delivered to receivers whose dialect has a word for it.
#[tokio::test]
async fn a_word_that_nobody_knows_is_kept() {
    let sender = Sender::start().await;
    assert_eq!(sender.post(&post("email.snoozed", "m-1")).await.status, 200);
    let facts = sender.room.stored().into_values().next().unwrap().facts;
    assert_eq!((facts.event_type, facts.provider_event.as_str()), (EventType::Unknown, "email.snoozed"));
}
