//! Posts with which providers test a URL. They are accepted, and nothing is stored.

use conformance::batches::{Grouping, grouping};
use shared::provider::Provider;
use support::senders::{Sender, mandrill_url};
use support::signers::{JSON, Signed, mailersend, mandrill, resend};

use crate::room::Room;

/// Sends every post to a source of `provider`. The source does not have the keys that the posts are signed with.
async fn accepted_and_nothing(provider: Provider, posts: Vec<Signed>) {
    let room = Room::start().await;
    let sender = Sender::of(provider).unwrap();
    let (_, key) = room.source_of(&sender).await;
    for post in posts {
        let answer = room.take(&key, &post).await;
        assert_eq!(answer.status, 200, "{}: {post:?}", provider.as_str());
    }
    assert!(room.stored().is_empty(), "{}", provider.as_str());
}

/// A room with a source for Mandrill, its ingest key and its URL. The URL contains the ingest key, so posts can be
/// signed only when the key is known.
async fn mandrill_room() -> (Room, shared::source::IngestKey, String) {
    let room = Room::start().await;
    let sender = Sender::of(Provider::Mandrill).unwrap();
    let (_, key) = room.source_of(&sender).await;
    let url = mandrill_url(key.expose());
    (room, key, url)
}

#[tokio::test]
async fn mailjets_empty_posts() {
    let room = Room::start().await;
    let sender = Sender::of(Provider::Mailjet).unwrap();
    let (_, key) = room.source_of(&sender).await;
    for body in ["", "{}", "[]", "[{}]", r#"{"test": true}"#, " \r\n"] {
        let mut post = room.good(&sender, &key, 1);
        post.body = body.as_bytes().to_vec();
        assert_eq!(room.take(&key, &post).await.status, 200, "{body:?}");
    }
    assert!(room.stored().is_empty());
}

#[tokio::test]
async fn sparkposts_ping() {
    let room = Room::start().await;
    let sender = Sender::of(Provider::SparkPost).unwrap();
    let (_, key) = room.source_of(&sender).await;
    let mut post = room.good(&sender, &key, 1);
    post.body = include_bytes!("../../../fixtures/sparkpost/ping.json").to_vec();
    assert_eq!(room.take(&key, &post).await.status, 200);
    assert!(room.stored().is_empty());
}

#[tokio::test]
async fn mailersends_test_with_its_public_secret_and_nothing_else_with_it() {
    let ping = include_bytes!("../../../fixtures/mailersend/webhook_test.json");
    accepted_and_nothing(Provider::MailerSend, vec![mailersend::sign(mailersend::TEST_SECRET, ping)]).await;

    let room = Room::start().await;
    let (_, key) = room.source_of(&Sender::of(Provider::MailerSend).unwrap()).await;
    let event = include_bytes!("../../../fixtures/mailersend/v1_sent.json");
    let disguised = br#"{"type":"webhook.test","data":{"id":"1"},"type":"activity.sent"}"#.to_vec();
    let refused = room.take(&key, &mailersend::sign(mailersend::TEST_SECRET, event)).await;
    assert_eq!(refused.problem(), (401, "not-authentic"));
    // Nothing is stored, no matter which of the two types counts.
    room.take(&key, &mailersend::sign(mailersend::TEST_SECRET, disguised)).await;
    assert!(room.stored().is_empty());
}

#[tokio::test]
async fn mandrills_empty_batch_with_its_public_key_and_nothing_else_with_it() {
    let (room, key, url) = mandrill_room().await;
    assert_eq!(room.take(&key, &mandrill::sign(mandrill::TEST_KEY, &url, "[]")).await.status, 200);
    let event = r#"[{"event":"open","_id":"1","ts":1461095246,"msg":{"email":"a@example.org"}}]"#;
    let refused = room.take(&key, &mandrill::sign(mandrill::TEST_KEY, &url, event)).await;
    assert_eq!(refused.problem(), (401, "not-authentic"));
    assert!(room.stored().is_empty());
}

#[tokio::test]
async fn resends_events_that_are_about_no_email() {
    let room = Room::start().await;
    let secret = "whsec_cmVzZW5kLWZpeHR1cmUtdGVzdC1zZWNyZXQtMzJieXQ=";
    let (_, key) = room.source_signing(Provider::Resend, secret).await;
    let body = include_bytes!("../../../fixtures/resend/contact_updated.json");
    let post = resend::sign(secret, "msg_1", body, room.world.clock.now());
    assert_eq!(room.take(&key, &post).await.status, 200);
    assert!(room.stored().is_empty());
}

#[tokio::test]
async fn a_batch_of_nothing() {
    for provider in Provider::of_sources().filter(|provider| grouping(*provider) == Grouping::Array) {
        let room = Room::start().await;
        let (_, key) = room.source_trusting(provider, shared::source::Trust::unsigned()).await;
        let answer = room.take(&key, &Signed::plain(JSON, "[]")).await;
        assert_eq!(answer.status, 200, "{}", provider.as_str());
        assert!(room.stored().is_empty(), "{}", provider.as_str());
    }
}
