//! Requests as API Gateway hands them over: sizes, methods, paths, encodings.

use http::{Method, Request};
use lambda_http::Body;
use serde_json::{Value, json};
use shared::provider::Provider;
use shared::source::Verification;
use shared::tenant::Role;
use support::senders::Sender;

use crate::room::{Room, path, publication};

const MIB: usize = 1024 * 1024;

#[tokio::test]
async fn a_body_of_one_byte_too_many_is_refused_before_anything_else() {
    let room = Room::start().await;
    let (_, key) = room.source(Provider::SendGrid, Verification::Unsigned).await;
    room.world.aws.take_calls();
    let blank = |length: usize| Body::from(vec![b' '; length]);
    assert_eq!(room.post(&key, blank(4 * MIB + 1)).await.problem(), (413, "body-too-large"));
    assert_eq!(room.send(Request::post("/api/v1/events"), blank(MIB + 1)).await.problem(), (413, "body-too-large"));
    assert!(room.world.aws.take_calls().is_empty());
    assert_eq!(room.post(&key, blank(4 * MIB)).await.status, 200);
}

#[tokio::test]
async fn a_probe_does_not_learn_which_keys_exist() {
    let room = Room::start().await;
    let (_, key) = room.source(Provider::SendGrid, Verification::Unsigned).await;
    room.world.aws.take_calls();
    for method in [Method::GET, Method::HEAD] {
        for path in [path(&key), "/api/webhooks/mhi_unknown".to_owned()] {
            let answer = room.send(Request::builder().method(method.clone()).uri(path), Body::Empty).await;
            assert_eq!((answer.status, answer.body), (200, Value::Null));
        }
    }
    assert!(room.world.aws.take_calls().is_empty());
}

/// A function URL delivers a space where the query has a `+`. An HTTP API delivers quotes as they were sent. Headers
/// need not be ASCII. `lambda_http` rejects all three, and the room must accept them.
#[tokio::test]
async fn a_post_is_taken_no_matter_what_else_its_request_holds() {
    let room = Room::start().await;
    let sender = Sender::of(Provider::Mailgun).unwrap();
    let (_, key) = room.source_of(&sender).await;
    let odd: [fn(&mut Value); 8] = [
        |event| event["rawQueryString"] = "a=b c".into(),
        |event| event["rawQueryString"] = "a=\"<>\u{0}ä#".into(),
        |event| event["rawQueryString"] = "a".repeat(70_000).into(),
        |event| event["headers"]["x-note"] = "Zoë".into(),
        |event| event["headers"]["x note"] = "a\nb".into(),
        |event| event["headers"]["host"] = "a b".into(),
        |event| event["headers"]["x-forwarded-proto"] = "".into(),
        |event| event["cookies"] = json!(["a=ä\n"]),
    ];
    for (number, change) in (0..).zip(odd) {
        let mut event = room.good(&sender, &key, number).gateway_event(&path(&key), "203.0.113.5", str::to_owned);
        change(&mut event);
        let expected = if event["rawQueryString"].as_str().unwrap().len() > 65_534 { 404 } else { 200 };
        assert_eq!(room.take_event(event).await.status, expected, "{number}");
    }
    let mut event = room.good(&sender, &key, 20).gateway_event(&path(&key), "203.0.113.5", str::to_owned);
    event["body"] = "not base64".into();
    assert_eq!(room.take_event(event.clone()).await.problem().0 / 100, 4);
    event["rawPath"] = "/api/webhooks/\"ä <>?#\u{0}".into();
    assert_eq!(room.take_event(event).await.problem(), (404, "ingest-key-unknown"));
}

#[tokio::test]
async fn other_methods_and_paths_are_refused() {
    let room = Room::start().await;
    for (method, path, allowed) in [
        (Method::PUT, "/api/webhooks/mhi_x", "GET, HEAD, POST"),
        (Method::GET, "/api/webhooks", "POST"),
        (Method::DELETE, "/api/v1/events", "POST"),
    ] {
        let answer = room.send(Request::builder().method(method).uri(path), Body::Empty).await;
        assert_eq!(answer.problem(), (405, "method-not-allowed"));
        assert_eq!(answer.headers["allow"], allowed);
    }
    for path in ["/", "/api", "/api/webhooks/a/b", "/api/v1/events/evt_x", "/API/webhooks"] {
        assert_eq!(room.send(Request::post(path), "{}").await.problem(), (404, "not-found"), "{path}");
    }
}

#[tokio::test]
async fn trouble_with_the_tables_is_503_and_says_nothing_of_it() {
    let room = Room::start().await;
    let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
    let event = json!({"type": "email.sent", "id": "e", "timestamp": "2026-01-02T03:04:05Z"}).to_string();
    // The call that breaks is first the read of the key, then the write of the event.
    for calls_before in [0, 1] {
        room.world.aws.break_call(calls_before, support::Break::Before);
        let answer = room.send(publication(&key), event.clone()).await;
        assert_eq!(answer.problem(), (503, "unavailable"));
        assert!(!answer.body.to_string().contains("Dynamo"), "{answer:?}");
    }
    assert!(room.stored().is_empty());
}
