//! Values that are nested deeper than later rooms could read. Every event that is answered 200 is delivered, and so are
//! the other events of its post.

use serde_json::{Value, json};
use shared::event::METADATA_NESTING;
use shared::provider::Provider;
use shared::source::Trust;
use shared::tenant::Role;
use support::Receiver;
use support::world::{DEAD_LETTER, DISPATCH_FAILURES};

use crate::room::Room;

fn nested(levels: usize) -> String {
    format!(
        "{}{}",
        r#"{"a":["#.repeat(levels / 2) + &"[".repeat(levels % 2),
        "]".repeat(levels % 2) + &"]}".repeat(levels / 2)
    )
}

/// Depths near our limit, near the parser's limit, and far beyond both.
const LEVELS: [usize; 8] = [METADATA_NESTING - 1, METADATA_NESTING, METADATA_NESTING + 1, 126, 127, 128, 129, 5_000];

#[tokio::test]
async fn a_post_with_nested_values_is_delivered_and_so_is_what_a_bystander_sends() {
    let room = Room::start().await;
    let receiver = Receiver::start().await.unwrap();
    let bystander = room.world.tenant().await.unwrap();
    room.world.webhook(room.tenant, &receiver.url("/sender")).await.unwrap();
    room.world.webhook(bystander, &receiver.url("/bystander")).await.unwrap();
    let (_, key) = room.source_trusting(Provider::Generic, Trust::unsigned()).await;
    for levels in LEVELS {
        let value = nested(levels);
        let body = format!(
            r#"{{"type":"email.delivered","email_id":"m","id":"{levels}","recipient":"a@example.com","metadata":{{"x":{value}}}}}"#
        );
        assert_eq!(room.post(&key, body).await.status, 200, "{levels}");
        room.world.events.put(&room.world.event(bystander, &format!("{levels}"))).await.unwrap();
    }
    room.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/bystander").len(), LEVELS.len());
    let got = receiver.received("/sender");
    assert_eq!(got.len(), LEVELS.len());
    let as_text = got.iter().filter(|post| {
        // The bodies are compared as text, because the test's own parser has a limit too.
        let body = String::from_utf8_lossy(&post.body);
        body.contains(r#""x":"{\"a\":"#)
    });
    assert_eq!(as_text.count(), LEVELS.iter().filter(|levels| **levels > METADATA_NESTING).count());
    for queue in [DEAD_LETTER, DISPATCH_FAILURES] {
        assert!(room.world.aws.sqs.messages(queue).is_empty(), "{queue}");
    }
}

#[tokio::test]
async fn own_events_nested_too_deeply_are_refused_by_name_and_others_delivered() {
    let room = Room::start().await;
    let receiver = Receiver::start().await.unwrap();
    room.world.webhook(room.tenant, &receiver.url("/")).await.unwrap();
    let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
    let mut accepted = 0;
    for levels in LEVELS {
        let value = nested(levels);
        let event = format!(r#"{{"type":"email.sent","timestamp":"2026-01-02T00:00:00Z","metadata":{{"x":{value}}}}}"#);
        let answer = room.publish(&key, event).await;
        if levels <= METADATA_NESTING {
            assert_eq!(answer.status, 200, "{levels}: {answer:?}");
            accepted += 1;
        } else {
            let wanted = json!([{
                "pointer": "/metadata", "detail": "expected values of at most 124 levels of arrays and objects",
            }]);
            assert_eq!((answer.status, &answer.body["errors"]), (422, &wanted), "{levels}: {:?}", answer.body);
        }
    }
    room.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), accepted);
    assert!(room.stored().values().all(|event| event.facts.metadata["x"] != Value::Null));
}
