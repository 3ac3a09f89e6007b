//! Values at a border of some parser, store or queue, all the way from signed bytes to what receivers get. What is
//! answered 200 is delivered in every dialect, or kept as `unparsed`; own events that could not be are refused by name.

use std::collections::BTreeMap;

use serde_json::Value;
use shared::dialect::Dialect;
use shared::event::{Event, EventType};
use shared::tenant::Role;
use shared::webhook::Webhook;
use support::Receiver;
use support::senders::Sender;
use support::world::{DEAD_LETTER, DISPATCH_FAILURES};

use crate::room::Room;

/// JSON texts at the borders of 64 bits, of doubles, of UTF-16, of nesting, and of what SQS and DynamoDB take.
fn odd() -> Vec<String> {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let plain = [
        "1e400",
        "-0",
        "5e-324",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775809",
        r#""NaN""#,
        r#""\u0000""#,
        r#""\ud800""#,
        r#""\ufffe\uffff""#,
        "\"\u{fffe}\u{ffff}\"",
        r#"{"":"","\ud800":{},"a":[]}"#,
    ];
    let made = [
        nested(123),
        nested(124),
        nested(125),
        nested(128),
        nested(5_000),
        format!("\"{}\"", "\u{fffe}".repeat(16_384)),
        format!("\"{}\"", "\\u0001".repeat(60_000)),
        format!(r#"{{"{}":1}}"#, "k".repeat(70_000)),
    ];
    plain.map(str::to_owned).into_iter().chain(made).collect()
}

/// The JSON of a body with `odd` as one more member of its first object, and in place of one of its texts.
fn planted(body: &str, odd: &str, at: usize) -> String {
    // Mandrill's JSON is a field of a form.
    if let Some(json) = body.strip_prefix("mandrill_events=") {
        let json: String = url::form_urlencoded::parse(format!("x={json}").as_bytes()).map(|(_, json)| json).collect();
        let json = planted(&json, odd, at);
        return url::form_urlencoded::Serializer::new(String::new()).append_pair("mandrill_events", &json).finish();
    }
    let body = body.replacen('{', &format!(r#"{{"odd":{odd},"metadata":{{"odd":{odd}}},"#), 1);
    let texts: Vec<_> = body.match_indices("\":\"").map(|(at, _)| at + 2).collect();
    let Some(start) = texts.get(at % texts.len().max(1)) else { return body };
    let end = start + 1 + body[start + 1..].find('"').unwrap();
    format!("{}{odd}{}", &body[..*start], &body[end + 1..])
}

/// A webhook for each dialect, which gets everything at a path of its own.
async fn webhooks(room: &Room, receiver: &Receiver) {
    for dialect in Dialect::ALL {
        let url = receiver.url(&format!("/{}", dialect.as_str()));
        let with = |webhook: Webhook| Webhook { dialect: *dialect, ..webhook };
        room.world.webhook_with(room.tenant, &url, with).await.unwrap();
    }
}

/// Checks that each dialect's receiver has got each event that is in the dialect, once, and that nothing else is left.
fn all_delivered(room: &Room, receiver: &Receiver, what: &str) -> usize {
    let events: Vec<Event> = room.stored().into_values().collect();
    let readable = |event: &&Event| event.facts.event_type != EventType::Unparsed;
    for dialect in Dialect::ALL {
        let owed = events.iter().filter(readable).filter(|event| dialect.name(event.facts.event_type).is_some());
        let posts = receiver.received(&format!("/{}", dialect.as_str()));
        let mut ids = BTreeMap::<String, usize>::new();
        for post in &posts {
            *ids.entry(post.headers["webhook-id"].to_str().unwrap().to_owned()).or_default() += 1;
            if *dialect == Dialect::Standard {
                serde_json::from_slice::<Value>(&post.body).unwrap();
            }
        }
        let owed: BTreeMap<_, _> = owed.map(|event| (event.id.to_string(), 1)).collect();
        assert_eq!(ids, owed, "{what} in {}", dialect.as_str());
    }
    for queue in [DEAD_LETTER, DISPATCH_FAILURES] {
        assert!(room.world.aws.sqs.messages(queue).is_empty(), "{what}: {queue}");
    }
    events.iter().filter(readable).count()
}

#[tokio::test]
async fn odd_values_of_every_provider_are_delivered_in_every_dialect() {
    for sender in Sender::all().unwrap() {
        let room = Room::start().await;
        let receiver = Receiver::start().await.unwrap();
        webhooks(&room, &receiver).await;
        let (_, key) = room.source_of(&sender).await;
        let mut posts = 0;
        for (number, odd) in (1_u32..).zip(odd()) {
            let change = |body: &str| planted(body, &odd, number as usize * 7);
            let post = sender.changed_post(key.expose(), number, room.world.clock.now(), change).unwrap();
            let answer = room.take(&key, &post).await;
            // The author of a generic body is told what is wrong with it.
            let refused = sender.provider == shared::provider::Provider::Generic && answer.status == 422;
            assert!(answer.status == 200 || refused, "{} {odd:.40}: {answer:?}", sender.provider.as_str());
            posts += usize::from(!refused);
        }
        room.world.run_until_idle().await.unwrap();
        let delivered = all_delivered(&room, &receiver, sender.provider.as_str());
        assert!(delivered * 3 >= posts, "{}: most are events: {delivered} of {posts}", sender.provider.as_str());
    }
}

#[tokio::test]
async fn odd_values_of_own_events_are_delivered_or_refused_by_name() {
    let room = Room::start().await;
    let receiver = Receiver::start().await.unwrap();
    webhooks(&room, &receiver).await;
    let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
    let mut accepted = 0;
    for odd in odd() {
        for field in ["metadata", "subject", "client"] {
            let member = if field == "metadata" { format!(r#"{{"x":{odd}}}"#) } else { odd.clone() };
            let event =
                format!(r#"{{"type":"email.delivered","timestamp":"2026-01-02T00:00:00Z","{field}":{member}}}"#);
            let answer = room.publish(&key, event).await;
            if answer.status == 200 {
                accepted += 1;
                continue;
            }
            assert_eq!(answer.problem(), (422, "invalid-request"), "{field} {odd:.40}");
            let pointers = answer.body["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str());
            for pointer in pointers {
                assert!(pointer.unwrap().starts_with(&format!("/{field}")), "{odd:.40}: {:?}", answer.body);
            }
        }
    }
    room.world.run_until_idle().await.unwrap();
    assert_eq!(all_delivered(&room, &receiver, "own events"), accepted);
    assert!(accepted > 10, "{accepted}");
}
