//! Mailgun's signature covers a token, but not the event. So a token vouches only for the event that came with it
//! first.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::provider::Provider;
use support::Break;
use support::signers::{Signed, mailgun};

use crate::room::Room;

const KEY: &str = "TEST_WEBHOOK_SIGNING_KEY";
const TOKEN: &str = "651869375b9df3c98fc15c4889b102119add1235c38fc92824";

/// An event with this id, always signed with the same token.
fn post(id: &str, at: Timestamp) -> Signed {
    let event =
        json!({"event": "delivered", "id": id, "timestamp": 1_534_108_637.153_125, "recipient": "a@example.org"});
    mailgun::json(KEY, TOKEN, &event, at)
}

/// The ids of the stored events.
fn ids(room: &Room) -> Vec<String> {
    room.stored().into_values().map(|event| event.facts.provider_event_id).collect()
}

#[tokio::test]
async fn another_body_with_a_used_token_is_refused_and_the_same_one_is_not() {
    let room = Room::start().await;
    let (_, key) = room.source_signing(Provider::Mailgun, KEY).await;
    let now = room.world.clock.now();
    let (first, other) = (post("first", now), post("other", now));
    assert_eq!(room.take(&key, &first).await.status, 200);
    assert_eq!(room.take(&key, &other).await.problem(), (401, "not-authentic"));
    room.world.clock.advance(SignedDuration::from_hours(8));
    assert_eq!(room.take(&key, &first).await.status, 200);
    assert_eq!(room.take(&key, &other).await.problem(), (401, "not-authentic"));
    let renamed = {
        let mut body: Value = serde_json::from_slice(&first.body).unwrap();
        body["event-data"]["recipient"] = "b@example.org".into();
        Signed { body: body.to_string().into_bytes(), ..first.clone() }
    };
    assert_eq!(room.take(&key, &renamed).await.problem(), (401, "not-authentic"));
    let stored = room.stored();
    assert_eq!(stored.len(), 1);
    let event = stored.into_values().next().unwrap();
    assert_eq!(event.facts.recipient.unwrap().expose(), "a@example.org");
}

#[tokio::test]
async fn a_token_is_of_one_source() {
    let room = Room::start().await;
    let now = room.world.clock.now();
    for id in ["first", "other"] {
        let (_, key) = room.source_signing(Provider::Mailgun, KEY).await;
        assert_eq!(room.take(&key, &post(id, now)).await.status, 200);
    }
    assert_eq!(room.stored().len(), 2);
}

#[tokio::test]
async fn with_any_failed_call_a_token_brings_in_one_event_and_its_own_retry_is_taken() {
    let undisturbed = Room::start().await;
    let (_, key) = undisturbed.source_signing(Provider::Mailgun, KEY).await;
    undisturbed.world.aws.take_calls();
    undisturbed.take(&key, &post("first", undisturbed.world.clock.now())).await;
    let calls = undisturbed.world.aws.take_calls();

    for (index, call) in calls.iter().enumerate() {
        for how in [Break::Before, Break::After] {
            let what = format!("call {index}, {} on {}, failed {how:?} its effect", call.operation, call.resource);
            let room = Room::start().await;
            let (_, key) = room.source_signing(Provider::Mailgun, KEY).await;
            let (first, other) = (post("first", room.world.clock.now()), post("other", room.world.clock.now()));
            room.world.aws.break_call(index, how);
            assert_eq!(room.take(&key, &first).await.status, 503, "{what}");
            assert_eq!(room.take(&key, &first).await.status, 200, "{what}: the retry");
            assert_eq!(room.take(&key, &other).await.status, 401, "{what}: the thief");
            assert_eq!(room.take(&key, &first).await.status, 200, "{what}: a second retry");
            assert_eq!(ids(&room).len(), 1, "{what}");
        }
    }
}

#[tokio::test]
async fn with_any_failed_call_a_thief_between_post_and_retry_adds_no_event() {
    for index in 0..4 {
        for how in [Break::Before, Break::After] {
            let room = Room::start().await;
            let (_, key) = room.source_signing(Provider::Mailgun, KEY).await;
            let (first, other) = (post("first", room.world.clock.now()), post("other", room.world.clock.now()));
            room.world.aws.break_call(index, how);
            room.take(&key, &first).await;
            room.world.aws.call_off_break();
            let thief = room.take(&key, &other).await.status;
            let retry = room.take(&key, &first).await.status;
            assert_eq!([thief, retry].iter().filter(|status| **status == 200).count(), 1, "call {index} {how:?}");
            assert_eq!(ids(&room).len(), 1, "call {index} {how:?}");
        }
    }
}

#[tokio::test]
async fn of_two_posts_at_once_one_gets_in() {
    let room = Room::start().await;
    let (_, key) = room.source_signing(Provider::Mailgun, KEY).await;
    let now = room.world.clock.now();
    let (first, other) = (post("first", now), post("other", now));
    let (first, other) = tokio::join!(room.take(&key, &first), room.take(&key, &other));
    let mut statuses = [first.status, other.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    assert_eq!(room.stored().len(), 1);
}

#[tokio::test]
async fn the_form_and_the_form_with_files_are_held_to_it_too() {
    let fields = |event| {
        [("event", event), ("recipient", "a@example.org"), ("Message-Id", "<m-1@example.org>"), ("my-var", "1")]
    };
    // The file has bytes that look like the end of the body, a field, and bytes that are not text.
    let file = b"From: a\r\n\r\n--\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\nopened\r\n\xff\xfe\0";
    let room = Room::start().await;
    let now = room.world.clock.now();
    let as_form = |event| mailgun::form(KEY, TOKEN, &fields(event), now);
    let with_file =
        |event| mailgun::multipart(KEY, TOKEN, &fields(event), ("message.mime", "application/octet-stream", file), now);
    let posts: [(Signed, Signed); 2] =
        [(as_form("bounced"), as_form("complained")), (with_file("bounced"), with_file("complained"))];
    for (count, (good, other)) in (1..).zip(posts) {
        let (_, key) = room.source_signing(Provider::Mailgun, KEY).await;
        for _ in 0..2 {
            assert_eq!(room.take(&key, &good).await.status, 200);
        }
        assert_eq!(room.take(&key, &other).await.problem(), (401, "not-authentic"));
        let stored = room.stored();
        assert_eq!(stored.len(), count);
        for event in stored.values() {
            assert_eq!(event.facts.provider_event, "bounced");
            assert_eq!(event.facts.email_message_id.as_deref(), Some("m-1@example.org"));
            assert_eq!(Value::from(event.facts.metadata.clone()), json!({"my-var": "1"}));
        }
    }
}

/// The token rule also applies to a post of a subaccount when the source has only the primary account's key.
#[tokio::test]
async fn a_subaccounts_post_is_taken_by_its_parent_signature_and_held_to_its_token() {
    let room = Room::start().await;
    let (_, key) = room.source_signing(Provider::Mailgun, KEY).await;
    let now = room.world.clock.now();
    let event = |id: &str| json!({"event": "delivered", "id": id, "recipient": "a@example.org"});
    let post = |id, parent| mailgun::json_of_subaccount("the subaccount's key", parent, TOKEN, &event(id), now);
    assert_eq!(room.take(&key, &post("forged", "another key")).await.problem(), (401, "not-authentic"));
    assert!(room.stored().is_empty());
    let good = post("first", KEY);
    for _ in 0..2 {
        assert_eq!(room.take(&key, &good).await.status, 200);
    }
    assert_eq!(room.take(&key, &post("other", KEY)).await.problem(), (401, "not-authentic"));
    assert_eq!(ids(&room), ["first"]);
    // The source with the subaccount's own key accepts the post as before.
    let (_, of_subaccount) = room.source_signing(Provider::Mailgun, "the subaccount's key").await;
    assert_eq!(room.take(&of_subaccount, &good).await.status, 200);
}

#[tokio::test]
async fn a_parent_signature_counts_in_the_old_forms_too_and_is_no_variable() {
    let room = Room::start().await;
    let now = room.world.clock.now();
    let field = |name: &str| {
        let body: Value =
            serde_json::from_slice(&mailgun::json_of_subaccount("x", KEY, TOKEN, &json!({}), now).body).unwrap();
        body["signature"][name].as_str().unwrap().to_owned()
    };
    let parent = field("parent-signature");
    for (parent, status) in [(parent.to_uppercase(), 200), (parent.replacen(&parent[..1], "g", 1), 401)] {
        let fields =
            [("event", "bounced"), ("recipient", "a@example.org"), ("v", "1"), ("parent-signature", parent.as_str())];
        let file = ("message.mime", "application/octet-stream", &b"From: a"[..]);
        let posts = [
            mailgun::form("the subaccount's key", TOKEN, &fields, now),
            mailgun::multipart("the subaccount's key", TOKEN, &fields, file, now),
        ];
        for post in posts {
            let (_, key) = room.source_signing(Provider::Mailgun, KEY).await;
            assert_eq!(room.take(&key, &post).await.status, status, "{:?}", post.headers);
        }
    }
    let stored = room.stored();
    assert_eq!(stored.len(), 2);
    for event in stored.into_values() {
        assert_eq!(Value::from(event.facts.metadata), json!({"v": "1"}));
    }
}
