//! Every documented maximum of own events, at the limit and one above. `docs/reference/limits.md` names these tests.

use http::HeaderValue;
use serde_json::{Value, json};
use shared::tenant::Role;

use crate::room::{Room, publication};

fn event(change: &Value) -> Value {
    let mut event = json!({ "type": "email.bounced", "timestamp": "2026-01-02T00:00:00Z" });
    event.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    event
}

/// A text of this many characters, each of three bytes.
fn text(length: usize) -> String {
    "\u{20ac}".repeat(length)
}

/// A pointer, an event whose field has a size, and the field's maximum size.
type FieldLimit<'a> = (&'a str, &'a dyn Fn(usize) -> Value, usize);

#[tokio::test]
async fn of_the_fields_of_an_own_event() {
    let room = Room::start().await;
    let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
    let within = |object: &'static str, field: &'static str, value: Value| json!({ object: { field: value } });
    let metadata = |bytes: usize| json!({ "metadata": { "k": "m".repeat(bytes - r#"{"k":""}"#.len()) } });
    let limits: [FieldLimit<'_>; 19] = [
        ("/id", &|length| json!({ "id": text(length) }), 256),
        ("/recipient", &|length| json!({ "recipient": text(length) }), 320),
        ("/message_id", &|length| json!({ "message_id": text(length) }), 998),
        ("/sending_domain", &|length| json!({ "sending_domain": text(length) }), 255),
        ("/from", &|length| json!({ "from": text(length) }), 998),
        ("/subject", &|length| json!({ "subject": text(length) }), 998),
        ("/campaign_id", &|length| json!({ "campaign_id": text(length) }), 256),
        ("/subscriber_id", &|length| json!({ "subscriber_id": text(length) }), 256),
        ("/tags", &|count| json!({ "tags": vec!["t"; count] }), 50),
        ("/tags", &|length| json!({ "tags": [text(length)] }), 128),
        ("/metadata", &metadata, 16 * 1_024),
        ("/bounce/diagnostic", &|length| within("bounce", "diagnostic", json!(text(length))), 4_096),
        ("/bounce/smtp_code", &|code| within("bounce", "smtp_code", json!(code)), 599),
        ("/click/url", &|length| within("click", "url", json!(text(length))), 8_192),
        ("/client/user_agent", &|length| within("client", "user_agent", json!(text(length))), 8_192),
        ("/client/ip", &|length| within("client", "ip", json!(text(length))), 128),
        ("/client/name", &|length| within("client", "name", json!(text(length))), 128),
        ("/client/geo/city", &|length| within("client", "geo", json!({ "city": text(length) })), 128),
        ("/bounce/attempt", &|number| within("bounce", "attempt", json!(number)), u32::MAX as usize),
    ];
    for (pointer, of, most) in limits {
        let taken = room.publish(&key, event(&of(most)).to_string()).await;
        assert_eq!(taken.status, 200, "{pointer}: {taken:?}");
        let refused = room.publish(&key, event(&of(most + 1)).to_string()).await;
        assert_eq!(refused.problem(), (422, "invalid-request"), "{pointer}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
    // All fields at their limits together fit into one row and one job.
    let all = limits.iter().fold(json!({}), |mut all, (_, of, most)| {
        merge(&mut all, &of(*most));
        all
    });
    assert_eq!(room.publish(&key, event(&all).to_string()).await.status, 200);
}

fn merge(into: &mut Value, from: &Value) {
    for (name, value) in from.as_object().unwrap() {
        match into.get_mut(name).filter(|there| there.is_object()) {
            Some(there) => merge(there, value),
            None => into[name] = value.clone(),
        }
    }
}

#[tokio::test]
async fn of_a_request_with_own_events() {
    let room = Room::start().await;
    let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
    let batch = |count: usize| (0..count).map(|number| event(&json!({ "id": number.to_string() }))).collect::<Value>();
    assert_eq!(room.publish(&key, batch(500).to_string()).await.status, 200);
    assert_eq!(room.stored().len(), 500);
    assert_eq!(room.publish(&key, batch(501).to_string()).await.problem(), (413, "too-many-events"));

    let one = event(&json!({})).to_string();
    for (length, expected) in [(1_024 * 1_024, 200), (1_024 * 1_024 + 1, 413)] {
        assert_eq!(
            room.publish(&key, format!("{one}{}", " ".repeat(length - one.len()))).await.status,
            expected,
            "{length}"
        );
    }

    for (length, expected) in [(256, 200), (257, 400)] {
        let name = HeaderValue::from_str(&"k".repeat(length)).unwrap();
        let answer = room.send(publication(&key).header("idempotency-key", name), one.clone()).await;
        assert_eq!(answer.status, expected, "{length}: {answer:?}");
    }
    let ahead = |seconds: i64| {
        let at = room.world.clock.now() + jiff::SignedDuration::from_secs(seconds);
        event(&json!({ "timestamp": at.to_string() })).to_string()
    };
    assert_eq!(room.publish(&key, ahead(24 * 3_600)).await.status, 200);
    let refused = room.publish(&key, ahead(24 * 3_600 + 1)).await;
    assert_eq!((refused.status, refused.body["errors"][0]["pointer"].as_str()), (422, Some("/timestamp")));
}
