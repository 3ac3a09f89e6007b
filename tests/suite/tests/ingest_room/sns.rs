//! SES through SNS. The room fetches each certificate once, confirms subscriptions of allowed topics, and makes no
//! other call.

use shared::event::EventType;
use shared::provider::Provider;
use shared::source::{IngestKey, TopicArn, Trust, Verification};
use support::amazon::{certificate_path, certificate_until};
use support::signers::Signed;
use support::signers::sns::{HOST, TOPIC, Topic, Version};
use support::{Answer, Break, Receiver};

use crate::room::Room;

/// An event of SES.
const VALIDATED: &str = "Successfully validated SNS topic for Amazon SES event publishing.";

/// A room with a source that accepts posts of the test topic.
async fn room() -> (Room, IngestKey) {
    let room = Room::start().await;
    let key = source(&room).await;
    (room, key)
}

async fn source(room: &Room) -> IngestKey {
    let topics = Verification::Topics(vec![TopicArn::parse(TOPIC).unwrap()]);
    room.source_trusting(Provider::Ses, Trust::verified_by(topics)).await.1
}

fn notification(room: &Room, topic: &Topic, id: &str) -> Signed {
    topic.notification(id, message(), room.world.clock.now())
}

fn message() -> &'static str {
    r#"{"notificationType":"Delivery","mail":{"timestamp":"2026-03-14T09:00:00.000Z","messageId":"m-1","destination":["jane@example.com"]},"delivery":{"timestamp":"2026-03-14T09:00:00.000Z","recipients":["jane@example.com"]}}"#
}

fn confirmation_url(action: &str) -> String {
    format!("https://{HOST}/?Action={action}&TopicArn={TOPIC}&Token=2336412f37fb687f5d51e6e2")
}

fn fetches(sns: &Receiver) -> usize {
    sns.received(certificate_path()).len()
}

#[tokio::test]
async fn a_certificate_is_fetched_once_and_shared_by_all_functions() {
    let (room, key) = room().await;
    let topic = Topic::new().unwrap();
    for id in ["1", "2"] {
        assert_eq!(room.take(&key, &notification(&room, &topic, id)).await.status, 200);
    }
    assert_eq!(fetches(&room.amazon.sns), 1);
    assert_eq!(room.amazon.sns.received(certificate_path())[0].method, http::Method::GET);
    // Another function has empty caches, so it reads what the first one stored.
    let room = room.restarted();
    room.world.aws.take_calls();
    assert_eq!(room.take(&key, &notification(&room, &topic, "3")).await.status, 200);
    assert_eq!((fetches(&room.amazon.sns), room.stored().len()), (1, 3));
    // After that, the function reads nothing.
    room.world.aws.take_calls();
    assert_eq!(room.take(&key, &notification(&room, &topic, "4")).await.status, 200);
    let calls: Vec<_> = room.world.aws.take_calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(calls, ["DynamoDB.PutItem"]);
    assert_eq!(room.amazon.sns.count(), 1);
}

#[tokio::test]
async fn both_signature_versions_are_verified() {
    for version in [Version::Sha1, Version::Sha256] {
        let (room, key) = room().await;
        let topic = Topic::new().unwrap().signing_with(version);
        let good = notification(&room, &topic, "1");
        let spoiled = good.clone().spoiled("jane@", "june@");
        assert_eq!(room.take(&key, &spoiled).await.problem(), (401, "not-authentic"), "{version:?}");
        // The signature stays the same, but the post names the other version.
        let (is, other) = if version == Version::Sha1 { ("1", "2") } else { ("2", "1") };
        let swapped =
            good.clone().spoiled(&format!(r#""SignatureVersion":"{is}""#), &format!(r#""SignatureVersion":"{other}""#));
        assert_ne!(swapped, good);
        assert_eq!(room.take(&key, &swapped).await.problem(), (401, "not-authentic"), "{version:?}");
        assert!(room.stored().is_empty());
        assert_eq!(room.take(&key, &good).await.status, 200, "{version:?}");
        assert_eq!(room.stored().len(), 1);
    }
}

#[tokio::test]
async fn a_subscription_of_an_allowed_topic_is_confirmed() {
    let (room, key) = room().await;
    let url = confirmation_url("ConfirmSubscription");
    let post = Topic::new().unwrap().confirmation("1", &url, room.world.clock.now());
    assert_eq!(room.take(&key, &post).await.status, 200);
    let confirmed = room.amazon.sns.received("/");
    assert_eq!(confirmed.len(), 1);
    assert_eq!(confirmed[0].method, http::Method::GET);
    assert_eq!(format!("https://{HOST}/?{}", confirmed[0].query), url);
    assert_eq!(confirmed[0].headers["host"], HOST);
    assert!(room.stored().is_empty());
}

#[tokio::test]
async fn a_confirmation_that_fails_is_our_trouble_until_it_succeeds() {
    let (room, key) = room().await;
    let moved = Answer::Full(302, vec![("location", format!("https://{HOST}/elsewhere"))], Vec::new());
    room.amazon.sns.script("/", [Answer::Status(500), moved, Answer::Status(403), Answer::Status(200)]);
    let post =
        Topic::new().unwrap().confirmation("1", &confirmation_url("ConfirmSubscription"), room.world.clock.now());
    for attempt in 0..3 {
        let answer = room.take(&key, &post).await;
        assert_eq!(answer.status, 503, "{attempt}: {answer:?}");
        assert!(answer.headers.contains_key("retry-after"));
    }
    assert_eq!(room.take(&key, &post).await.status, 200);
    assert_eq!(room.amazon.sns.received("/").len(), 4);
    assert!(room.amazon.sns.received("/elsewhere").is_empty(), "redirects are not followed");
}

#[tokio::test]
async fn a_foreign_topic_confirms_nothing_and_fetches_nothing() {
    let (room, key) = room().await;
    let foreign = Topic::new().unwrap().named("arn:aws:sns:us-east-1:999999999999:SES_Events");
    let wish = foreign.confirmation("1", &confirmation_url("ConfirmSubscription"), room.world.clock.now());
    for post in [wish, notification(&room, &foreign, "1")] {
        assert_eq!(room.take(&key, &post).await.problem(), (401, "not-authentic"));
    }
    assert_eq!(room.amazon.sns.count(), 0);
    assert!(room.stored().is_empty());
}

#[tokio::test]
async fn certificates_and_confirmations_elsewhere_are_not_fetched() {
    let (room, key) = room().await;
    let pem = "SimpleNotificationService-0.pem";
    for url in [
        format!("http://{HOST}/{pem}"),
        format!("https://{HOST}.evil.example/{pem}"),
        format!("https://evil.example/{HOST}/{pem}"),
        format!("https://{HOST}:8443/{pem}"),
        format!("https://user@{HOST}/{pem}"),
        format!("https://{HOST}@evil.example/{pem}"),
        format!("https://{HOST}/{pem}.html"),
        format!("https://{HOST}/index?file={pem}"),
        format!("https://{HOST}/index#{pem}"),
        format!("https://s3.amazonaws.com/{pem}"),
        format!("https://sns.evil.us-east-1.amazonaws.com/{pem}"),
        "https://127.0.0.1/x.pem".to_owned(),
        String::new(),
    ] {
        let topic = Topic::new().unwrap().with_certificate_at(&url);
        let answer = room.take(&key, &notification(&room, &topic, "1")).await;
        assert_eq!(answer.problem(), (401, "not-authentic"), "{url}");
    }
    assert_eq!(room.amazon.sns.count(), 0);
    for url in ["https://evil.example/?Action=ConfirmSubscription", "http://169.254.169.254/latest/meta-data/", ""] {
        let post = Topic::new().unwrap().confirmation("1", url, room.world.clock.now());
        let answer = room.take(&key, &post).await;
        assert_ne!(answer.status, 503, "{url}: {answer:?}");
    }
    assert_eq!(room.amazon.sns.count(), fetches(&room.amazon.sns), "no confirmation was made");
    // The post is authentic and of an allowed topic, but cannot be read. So it is kept.
    assert!(room.stored().values().all(|event| event.facts.event_type == EventType::Unparsed));
}

#[tokio::test]
async fn a_certificate_that_cannot_be_had_is_our_trouble_and_is_fetched_again() {
    let (room, key) = room().await;
    let moved = Answer::Full(301, vec![("location", format!("https://{HOST}/elsewhere.pem"))], Vec::new());
    room.amazon.sns.script(
        certificate_path(),
        [Answer::Status(500), moved, Answer::Status(429), Answer::Status(404), certificate_until(2046).unwrap()],
    );
    let post = notification(&room, &Topic::new().unwrap(), "1");
    // SNS never repeats a post after a 4xx. Only a missing certificate proves that the post is not authentic.
    for expected in [503, 503, 503, 401, 200] {
        let answer = room.take(&key, &post).await;
        assert_eq!(answer.status, expected, "{answer:?}");
    }
    assert_eq!((fetches(&room.amazon.sns), room.amazon.sns.count(), room.stored().len()), (5, 5, 1));
}

#[tokio::test]
async fn what_is_no_certificate_is_not_kept() {
    let (room, key) = room().await;
    let page = |body: &[u8]| Answer::Full(200, vec![("content-type", "text/html".to_owned())], body.to_vec());
    let long = page(&vec![b'-'; 4 * 1024 * 1024]);
    room.amazon.sns.script(certificate_path(), [page(b"<html>"), page(b""), long, certificate_until(2046).unwrap()]);
    let post = notification(&room, &Topic::new().unwrap(), "1");
    for attempt in 0..3 {
        let answer = room.take(&key, &post).await;
        assert!(matches!(answer.status, 401 | 503), "{attempt}: {answer:?}");
    }
    assert_eq!(room.take(&key, &post).await.status, 200);
}

#[tokio::test]
async fn an_expired_certificate_vouches_for_nothing() {
    let (room, key) = room().await;
    room.amazon.sns.script(certificate_path(), [certificate_until(2020).unwrap()]);
    let answer = room.take(&key, &notification(&room, &Topic::new().unwrap(), "1")).await;
    assert!(matches!(answer.status, 401 | 503), "{answer:?}");
    assert!(room.stored().is_empty());
}

#[tokio::test]
async fn every_call_may_fail_and_the_post_gets_in_with_its_retry() {
    let url = confirmation_url("ConfirmSubscription");
    for index in 0..6 {
        for how in [Break::Before, Break::After] {
            let (room, key) = room().await;
            let topic = Topic::new().unwrap();
            room.world.aws.break_call(index, how);
            let posts = [topic.confirmation("1", &url, room.world.clock.now()), notification(&room, &topic, "2")];
            for post in &posts {
                let mut answers = Vec::new();
                while answers.last() != Some(&200) && answers.len() < 3 {
                    answers.push(room.take(&key, post).await.status);
                }
                assert!(answers.ends_with(&[200]), "call {index} {how:?}: {answers:?}");
                assert!(answers.iter().all(|status| matches!(status, 200 | 503)), "{answers:?}");
            }
            room.world.aws.call_off_break();
            assert_eq!(room.stored().len(), 1, "call {index} {how:?}");
            assert!(!room.amazon.sns.received("/").is_empty(), "call {index} {how:?}");
        }
    }
}

#[tokio::test]
async fn word_that_a_topic_is_validated_or_left_gives_nothing_and_confirms_nothing() {
    let (room, key) = room().await;
    let topic = Topic::new().unwrap();
    let now = room.world.clock.now();
    let left = topic.unsubscribed("2", &confirmation_url("ConfirmSubscription"), now);
    for post in [topic.notification("1", VALIDATED, now), left] {
        assert_eq!(room.take(&key, &post).await.status, 200);
    }
    assert!(room.stored().is_empty());
    assert!(room.amazon.sns.received("/").is_empty());
    assert_eq!(fetches(&room.amazon.sns), 1);
}

#[tokio::test]
async fn raw_delivery_is_refused() {
    let (room, key) = room().await;
    let raw = Signed::plain("text/plain; charset=UTF-8", message())
        .with("x-amz-sns-rawdelivery", "true")
        .with("x-amz-sns-topic-arn", TOPIC);
    assert_eq!(room.take(&key, &raw).await.problem(), (401, "not-authentic"));
    assert_eq!(room.amazon.sns.count(), 0);
}
