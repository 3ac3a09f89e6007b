//! Posts that cannot be finished: what is stored, what the answer says, and how a repeated post continues.

use std::time::Duration;

use http::Request;
use jiff::SignedDuration;
use lambda_http::{Body, RequestExt as _};
use serde_json::{Value, json};
use shared::provider::Provider;
use shared::source::Verification;
use shared::tenant::Role;
use support::Break;
use support::senders::Sender;

use crate::large_posts::{ids, sendgrid};
use crate::room::{Answer, Room, path, publication};

/// Maximum repeats of a post. Reason: more than any provider makes.
const MAX_POSTS: usize = 6;

impl Room {
    /// Sends a request to a function that Lambda ends after `left`.
    async fn send_within(&self, left: SignedDuration, request: Request<Body>) -> Answer {
        let mut context = lambda_http::Context::default();
        "request-1".clone_into(&mut context.request_id);
        context.deadline = u64::try_from((self.world.clock.now() + left).as_millisecond()).unwrap();
        self.send_request(request.with_lambda_context(context)).await
    }
}

/// The two numbers in the text of a 503: how many events are stored at least, and how many there are.
fn told(answer: &Answer) -> (usize, usize) {
    assert_eq!(answer.problem().1, "unavailable", "{answer:?}");
    assert_eq!(answer.headers["retry-after"], "5");
    let detail = answer.body["detail"].as_str().unwrap();
    let numbers =
        detail.split(|letter: char| !letter.is_ascii_digit() && letter != ',').filter(|word| !word.is_empty());
    let numbers: Vec<usize> = numbers.filter_map(|word| word.replace(',', "").parse().ok()).collect();
    assert_eq!(numbers.len(), 2, "{detail}");
    (numbers[0], numbers[1])
}

fn own_events(count: usize) -> Value {
    let event =
        |number| json!({"type": "email.sent", "id": format!("e-{number}"), "timestamp": "2026-01-02T03:04:05Z"});
    (0..count).map(event).collect()
}

#[tokio::test]
async fn a_fault_in_the_middle_leaves_the_rest_to_the_repeat() {
    for how in [Break::Before, Break::After, Break::CutShort, Break::Statements("ValidationError")] {
        let room = Room::start().await;
        let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
        let body = own_events(500).to_string();
        // One call reads the key, and 20 calls store the events.
        room.world.aws.break_call(10, how);
        let answer = room.send(publication(&key), body.clone()).await;
        assert_eq!(answer.status, 503, "{how:?}");
        let (stored, of) = told(&answer);
        let before = room.stored();
        assert_eq!(of, 500, "{how:?}");
        assert!((25..500).contains(&stored) && stored <= before.len(), "{how:?}: {stored} of {}", before.len());

        let repeat = room.send(publication(&key), body).await;
        assert_eq!(repeat.status, 200, "{how:?}");
        assert_eq!(room.stored().len(), 500, "{how:?}");
        let data = repeat.body["data"].as_array().unwrap();
        assert_eq!(data.len(), 500);
        // Calls that were still running when the first answer was made may have taken effect since then.
        let is_new = |one: &&Value| one["duplicate"] == false;
        assert!(data.iter().filter(is_new).all(|one| !before.contains_key(one["id"].as_str().unwrap())), "{how:?}");
        assert!(data.iter().filter(is_new).count() >= 500 - before.len() - 4 * 25, "{how:?}");
    }
}

#[tokio::test]
async fn statements_that_dynamodb_could_not_carry_out_now_are_tried_again() {
    let codes = [
        "ThrottlingError",
        "ProvisionedThroughputExceeded",
        "RequestLimitExceeded",
        "InternalServerError",
        "TransactionConflict",
    ];
    for code in codes {
        let room = Room::start().await;
        let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
        room.world.aws.break_call(2, Break::Statements(code));
        let answer = room.send(publication(&key), own_events(100).to_string()).await;
        assert_eq!(answer.status, 200, "{code}");
        assert!(!room.world.aws.call_off_break(), "{code}");
        let data = answer.body["data"].as_array().unwrap();
        assert!(data.len() == 100 && data.iter().all(|one| one["duplicate"] == false), "{code}");
        for (number, one) in data.iter().enumerate() {
            assert_eq!(room.stored()[one["id"].as_str().unwrap()].facts.provider_event_id, format!("e-{number}"));
        }
    }
}

/// Calls can be so slow that a post cannot be stored within the function's time. Then each repeated post stores more
/// events, until one post finishes. Reason: events that are stored already are only read, and reading takes fewer calls
/// than writing.
#[tokio::test]
async fn a_post_that_is_out_of_time_is_answered_before_lambda_ends_it_and_each_repeat_gets_further() {
    const EVENTS: usize = 1_500;
    let room = Room::start().await;
    let (_, key) = room.source(Provider::SendGrid, Verification::Unsigned).await;
    let body = sendgrid(EVENTS, 400);
    // There is time for 34 calls, and the post needs 60. (35 s are longer than Lambda's limit, so that the machine's
    // own time does not matter.)
    let time = SignedDuration::from_secs(35);
    room.world.aws.slow_down(SignedDuration::from_secs(1));
    let mut stored = 0;
    for post in 1..=MAX_POSTS {
        room.world.aws.take_calls();
        let request = Request::post(path(&key)).body(Body::from(body.as_str())).unwrap();
        let answer = room.send_within(time, request).await;
        // No call begins in the last second. Calls that were running then still end.
        assert!(room.world.aws.count_calls() <= 34 + 4, "{} calls", room.world.aws.count_calls());
        let now = ids(room.stored().values()).len();
        if answer.status == 200 {
            assert_eq!(now, EVENTS);
            assert!(post > 1, "the first post had enough time, so nothing was tested");
            return;
        }
        assert_eq!(answer.status, 503);
        let (told, of) = told(&answer);
        assert_eq!(of, EVENTS);
        assert!(told <= now && now > stored, "{told} told, {now} stored, {stored} before");
        stored = now;
    }
    panic!("not stored after {MAX_POSTS} posts: {stored}");
}

#[tokio::test]
async fn own_events_that_are_out_of_time_are_told_how_many_are_stored() {
    let room = Room::start().await;
    let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
    room.world.aws.slow_down(SignedDuration::from_secs(1));
    let request = || publication(&key).body(Body::from(own_events(500).to_string())).unwrap();
    let answer = room.send_within(SignedDuration::from_secs(15), request()).await;
    assert_eq!(answer.status, 503);
    let (stored, of) = told(&answer);
    assert!(of == 500 && (100..500).contains(&stored), "{stored} of {of}");
    assert_eq!(room.send_within(SignedDuration::from_secs(60), request()).await.status, 200);
}

/// Lets the time run out after the next call was made.
async fn runs_out(room: &Room) {
    room.world.aws.take_calls();
    room.world.aws.calls_made(1).await;
    room.world.pass(Duration::from_secs(2)).await;
}

/// If a call gets no answer, the room does not wait until Lambda ends the function. The test does this with the read of
/// the key, and with a write.
#[tokio::test]
async fn a_call_without_an_answer_ends_with_the_time() {
    let room = Room::start().await;
    let (_, key) = room.key(Role::Publish, Some(room.tenant)).await;
    let hangs = async |count| {
        room.world.aws.break_call(0, Break::Hang);
        let request = publication(&key).body(Body::from(own_events(count).to_string())).unwrap();
        let (answer, ()) = tokio::join!(room.send_within(SignedDuration::from_secs(2), request), runs_out(&room));
        assert_eq!(answer.problem(), (503, "unavailable"));
        assert!(!room.world.aws.call_off_break(), "the call that should break was not made");
    };
    hangs(1).await;
    // From now on, the key is cached.
    let other = json!({"type": "email.sent", "id": "other", "timestamp": "2026-01-02T03:04:05Z"});
    assert_eq!(room.publish(&key, other.to_string()).await.status, 200);
    hangs(500).await;
    hangs(1).await;
}

#[tokio::test]
async fn brevo_is_answered_429_also_when_time_is_out() {
    let sender = Sender::of(Provider::Brevo).unwrap();
    // The time runs out while the key is read, and then before the write.
    for (calls_before, left) in [(0, 800), (100, 900)] {
        let room = Room::start().await;
        let (_, key) = room.source_of(&sender).await;
        room.world.aws.break_call(calls_before, Break::Hang);
        let request = room.good(&sender, &key, 1).request(&path(&key)).unwrap();
        let time = async {
            if calls_before == 0 {
                runs_out(&room).await;
            }
        };
        let (answer, ()) = tokio::join!(room.send_within(SignedDuration::from_millis(left), request), time);
        assert_eq!(answer.problem(), (429, "unavailable"));
        assert_eq!(answer.headers["retry-after"], "5");
        assert!(room.stored().is_empty());
    }
}
