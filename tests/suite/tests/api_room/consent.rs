//! The consent of new URLs: nothing is delivered to them before they have answered a challenge, and nothing is lost.

use axum::body::Body;
use axum::http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::config::ApiConfig;
use shared::delivery::DeliveryState;
use shared::event::Event;
use shared::id::WebhookId;
use shared::queue::job::{Job, Sweep};
use shared::webhook::{CHALLENGE_WAITS, MAX_CHALLENGES, MIN_CHALLENGE_INTERVAL};
use support::world::{DELIVERIES, RETRIES, SLOW};
use support::{Answer as Says, Break, Receiver};

use crate::room::{Answer, Caller, Room};

/// Time after which no function trusts what it remembers of a webhook. Until then it delivers to the URL from before.
const PAST_THE_CACHE: SignedDuration = SignedDuration::from_secs(31);

/// A room in which the operator asks for consent.
async fn asking() -> Room {
    Room::with_config(|config| ApiConfig { verify_webhook_urls: true, ..config }).await
}

/// A room in which the operator asks for consent, and a receiver that gives these answers.
async fn asking_of(path: &str, answers: impl IntoIterator<Item = Says>) -> (Room, Receiver) {
    let receiver = Receiver::start().await.unwrap();
    receiver.script(path, answers);
    (asking().await, receiver)
}

/// Sends the job of the hourly sweep.
fn sweep(room: &Room) {
    room.world.aws.sqs.put(DELIVERIES, &Job::Sweep(Sweep::default()).to_json());
}

async fn accept(room: &Room, tenant: &Caller<'_>, key: &str) -> Event {
    let event = room.world.event(tenant.tenant_id(), key);
    room.world.events.put(&event).await.unwrap();
    event
}

async fn create(tenant: &Caller<'_>, url: &str) -> Answer {
    let made = tenant.post("/api/v1/webhooks", &json!({ "url": url, "events": ["*"] })).await;
    assert_eq!(made.status, 201, "{}", made.body);
    made
}

fn path_of(webhook: &Answer) -> String {
    format!("/api/v1/webhooks/{}", webhook.text("id"))
}

async fn state(room: &Room, tenant: &Caller<'_>, webhook: &Answer, event: &Event) -> DeliveryState {
    let webhook: WebhookId = webhook.text("id").parse().unwrap();
    let row = room.world.deliveries.get(tenant.tenant_id(), webhook, event.id).await.unwrap();
    row.expect("the delivery has a row").state
}

/// The types of the operational events so far.
fn told(room: &Room) -> Vec<&'static str> {
    room.world.told().unwrap().iter().map(|event| event.facts.event_type.as_str()).collect()
}

/// Carries out the jobs that were sent. Challenges are posted by the invocations of the slow queue.
async fn challenge(room: &Room) {
    room.world.pump_queue(DELIVERIES).await;
    room.world.pump_queue(SLOW).await;
}

fn jobs(room: &Room) -> usize {
    room.world.aws.sqs.messages(DELIVERIES).len()
}

#[tokio::test]
async fn without_the_parameter_nothing_is_asked_and_nothing_is_shown() {
    let room = Room::with_receivers().await;
    let acme = room.tenant().await;
    let receiver = Receiver::start().await.unwrap();
    let made = create(&acme, &receiver.url("/hook")).await;
    assert_eq!(made.body.get("verification"), None);
    let moved = acme.patch(&path_of(&made), &json!({ "url": receiver.url("/other") })).await;
    assert_eq!(moved.body.get("verification"), None);
    room.world.run_until_idle().await.unwrap();
    assert_eq!((receiver.count(), jobs(&room)), (0, 0));
    let refused = acme.post(&format!("{}/verify", path_of(&made)), &Value::Null).await;
    insta::assert_snapshot!(refused.problem(), @"409 webhook-not-pending: All URLs of this webhook may be delivered to already. Nothing is left to verify.");
}

#[tokio::test]
async fn a_new_url_gets_what_was_held_once_it_has_answered_a_signed_challenge() {
    let (room, receiver) = asking_of("/hook", [Says::Status(200)]).await;
    let acme = room.tenant().await;
    let made = create(&acme, &receiver.url("/hook")).await;
    assert_eq!(made.body["verification"]["status"], "pending");
    assert_eq!(made.body["verification"]["reason"], "challenging");
    assert_eq!(made.body["verification"]["unverified"], json!(["url"]));
    let held = accept(&room, &acme, "held").await;
    room.world.pump_stream().await.unwrap();
    challenge(&room).await;

    let asked = receiver.received("/hook");
    assert_eq!(asked.len(), 1, "the challenge, and no delivery");
    assert!(asked[0].verifies_with(&made.text("secret")), "{:?}", asked[0].headers);
    let body: Value = serde_json::from_slice(&asked[0].body).unwrap();
    assert_eq!(body["type"], "webhook.verification");
    assert_eq!(state(&room, &acme, &made, &held).await, DeliveryState::Held);
    let shown = acme.get(&path_of(&made)).await;
    assert_eq!(shown.body["verification"]["last_challenge"]["result"], "wrong_answer");
    assert_eq!(shown.body["verification"]["challenges"], 1);
    let test = acme.post(&format!("{}/test", path_of(&made)), &json!({ "event_type": "email.delivered" })).await;
    assert_eq!((test.status, test.text("type").as_str()), (409, "urn:mailhooks:problem:webhook-pending"));
    let since = room.world.clock.now() - SignedDuration::from_hours(1);
    let recover = json!({ "states": ["held"], "since": since.to_string() });
    let recover = acme.post(&format!("{}/recover", path_of(&made)), &recover).await;
    assert_eq!((recover.status, recover.text("type").as_str()), (409, "urn:mailhooks:problem:webhook-pending"));

    receiver.script("/hook", [Says::Challenge]);
    room.world.run_until_idle().await.unwrap();
    assert_eq!(state(&room, &acme, &made, &held).await, DeliveryState::Delivered);
    assert_eq!(receiver.received("/hook").len(), 3);
    let shown = acme.get(&path_of(&made)).await;
    assert_eq!(shown.body["verification"]["status"], "verified");
    assert_eq!(shown.body["verification"]["last_challenge"]["result"], "answered");
    assert_eq!(told(&room), ["webhook.verified"]);
}

#[tokio::test]
async fn challenges_end_after_the_last_one_and_a_repeat_call_makes_more_of_them_but_not_at_once() {
    let (room, receiver) = asking_of("/hook", [Says::Status(500)]).await;
    let acme = room.tenant().await;
    let made = create(&acme, &receiver.url("/hook")).await;
    let verify = format!("{}/verify", path_of(&made));
    let held = accept(&room, &acme, "held").await;
    let early = acme.post(&verify, &Value::Null).await;
    assert_eq!((early.status, early.text("type").as_str()), (429, "urn:mailhooks:problem:challenged-too-soon"));
    let began = room.world.clock.now();
    room.world.run_until_idle().await.unwrap();
    let waits: SignedDuration = CHALLENGE_WAITS.iter().copied().sum();
    assert!(room.world.clock.now().duration_since(began) >= waits);
    assert_eq!(receiver.received("/hook").len(), usize::from(MAX_CHALLENGES));
    let shown = acme.get(&path_of(&made)).await;
    assert_eq!(shown.body["verification"]["reason"], "unanswered");
    assert_eq!(shown.body["verification"]["last_challenge"]["result"], "refused");
    assert_eq!(shown.body["verification"].get("next_challenge_at"), None);
    // The sweep finds nothing to do for it.
    room.world.clock.advance(SignedDuration::from_hours(3));
    sweep(&room);
    room.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/hook").len(), usize::from(MAX_CHALLENGES));
    assert_eq!(state(&room, &acme, &made, &held).await, DeliveryState::Held);

    receiver.script("/hook", [Says::Challenge]);
    let again = acme.post(&verify, &Value::Null).await;
    assert_eq!((again.status, &again.body["verification"]["challenges"]), (202, &json!(0)));
    let twice = acme.post(&verify, &Value::Null).await;
    assert_eq!(twice.status, 429, "{}", twice.body);
    room.world.run_until_idle().await.unwrap();
    assert_eq!(state(&room, &acme, &made, &held).await, DeliveryState::Delivered);
    assert_eq!(acme.post(&verify, &Value::Null).await.status, 409);
}

#[tokio::test]
async fn a_minute_after_a_challenge_the_next_one_may_be_asked_for_and_not_before() {
    let (room, receiver) = asking_of("/hook", [Says::Status(500)]).await;
    let acme = room.tenant().await;
    let made = create(&acme, &receiver.url("/hook")).await;
    let verify = format!("{}/verify", path_of(&made));
    challenge(&room).await;
    let at = acme.get(&path_of(&made)).await;
    let at: jiff::Timestamp = at.body["verification"]["last_challenge"]["at"].as_str().unwrap().parse().unwrap();
    let almost = MIN_CHALLENGE_INTERVAL - SignedDuration::from_millis(500);
    room.world.clock.advance((at + almost).duration_since(room.world.clock.now()));
    assert_eq!(acme.post(&verify, &Value::Null).await.status, 429);
    room.world.clock.advance((at + MIN_CHALLENGE_INTERVAL).duration_since(room.world.clock.now()));
    assert_eq!(acme.post(&verify, &Value::Null).await.status, 202);
    // The jobs of the verification before are obsolete: the new one makes one challenge, and waits.
    challenge(&room).await;
    room.world.pump_queue(RETRIES).await;
    assert_eq!(receiver.received("/hook").len(), 2);
}

#[tokio::test]
async fn another_url_is_asked_anew_and_the_answer_of_the_one_before_counts_for_nothing() {
    let (room, receiver) = asking_of("/mine", [Says::Challenge]).await;
    let acme = room.tenant().await;
    receiver.script("/victim", [Says::Status(404)]);
    let made = create(&acme, &receiver.url("/mine")).await;
    room.world.run_until_idle().await.unwrap();
    let before = receiver.received("/victim").len();
    let moved = acme.patch(&path_of(&made), &json!({ "url": receiver.url("/victim") })).await;
    assert_eq!(moved.body["verification"]["status"], "pending");
    room.world.clock.advance(PAST_THE_CACHE);
    let held = accept(&room, &acme, "held").await;
    room.world.run_until_idle().await.unwrap();
    let challenges = receiver.received("/victim").len() - before;
    assert_eq!(challenges, usize::from(MAX_CHALLENGES));
    assert_eq!(state(&room, &acme, &made, &held).await, DeliveryState::Held);

    // Going from URL to URL makes no more challenges than waiting does.
    let (began, mut asked) = (room.world.clock.now(), 0);
    for number in 0..20 {
        let url = receiver.url(&format!("/other-{number}"));
        receiver.script(&format!("/other-{number}"), [Says::Status(404)]);
        acme.patch(&path_of(&made), &json!({ "url": url })).await;
        challenge(&room).await;
        asked += receiver.received(&format!("/other-{number}")).len();
    }
    let minutes = room.world.clock.now().duration_since(began).as_secs() / MIN_CHALLENGE_INTERVAL.as_secs();
    assert!(asked <= usize::try_from(minutes).unwrap() + 1, "{asked} challenges in {minutes} min");

    let back = acme.patch(&path_of(&made), &json!({ "url": receiver.url("/mine") })).await;
    assert_eq!(back.body["verification"]["status"], "pending", "it may belong to somebody else by now");
    room.world.run_until_idle().await.unwrap();
    assert_eq!(state(&room, &acme, &made, &held).await, DeliveryState::Delivered);
    assert_eq!(told(&room), ["webhook.verified", "webhook.pending", "webhook.verified"]);
}

#[tokio::test]
async fn a_backup_url_is_asked_too_and_what_waited_for_it_goes_out_if_it_is_taken_away() {
    let (room, receiver) = asking_of("/main", [Says::Challenge]).await;
    let acme = room.tenant().await;
    let made = create(&acme, &receiver.url("/main")).await;
    room.world.run_until_idle().await.unwrap();
    receiver.script("/main", [Says::Status(200)]);
    receiver.script("/backup", [Says::Status(404)]);
    let moved = acme.patch(&path_of(&made), &json!({ "backup_url": receiver.url("/backup") })).await;
    assert_eq!(moved.body["verification"]["unverified"], json!(["backup_url"]));
    room.world.clock.advance(PAST_THE_CACHE);
    let held = accept(&room, &acme, "held").await;
    room.world.run_until_idle().await.unwrap();
    assert_eq!(state(&room, &acme, &made, &held).await, DeliveryState::Held);
    let main = receiver.received("/main").len();
    assert_eq!(receiver.received("/backup").len(), usize::from(MAX_CHALLENGES));
    let back = acme.patch(&path_of(&made), &json!({ "backup_url": null })).await;
    assert_eq!(back.body["verification"]["status"], "verified");
    room.world.run_until_idle().await.unwrap();
    assert_eq!(state(&room, &acme, &made, &held).await, DeliveryState::Delivered);
    assert_eq!(receiver.received("/main").len(), main + 1, "the main URL was not asked again");
}

#[tokio::test]
async fn webhooks_from_before_stay_as_they_are_and_streams_are_not_asked() {
    let room = asking().await;
    let acme = room.tenant().await;
    let receiver = Receiver::start().await.unwrap();
    let old = room.world.webhook(acme.tenant_id(), &receiver.url("/old")).await.unwrap();
    let path = format!("/api/v1/webhooks/{}", old.id);
    let changed = acme.patch(&path, &json!({ "description": "Orders", "url": receiver.url("/old") })).await;
    assert_eq!(changed.body.get("verification"), None);
    let stream = json!({
        "url": "https://sqs.eu-west-1.amazonaws.com/123456789012/events",
        "credentials": {"access_key_id": "AKIAIOSFODNN7EXAMPLE", "secret_access_key": "x".repeat(40)},
        "events": ["*"],
    });
    let made = acme.post("/api/v1/webhooks", &stream).await;
    assert_eq!((made.status, made.body.get("verification")), (201, None), "{}", made.body);
    assert_eq!(jobs(&room), 0);
}

#[tokio::test]
async fn every_management_api_asks() {
    let room = asking().await;
    let acme = room.tenant().await;
    let mailjet = json!({ "EventType": "open", "Url": "https://mailjet.example/" });
    assert_eq!(acme.post("/v3/REST/eventcallbackurl", &mailjet).await.status, 201);
    let platform = json!({ "url": "https://platform.example/", "events": "email.delivery" });
    assert_eq!(acme.post("/api/webhooks/manage", &platform).await.status, 201);
    let mailgun = "id=clicked&url=https%3A%2F%2Fmailgun.example%2F";
    let request = acme.request(Method::POST, "/v3/domains/acme.example/webhooks").body(Body::from(mailgun));
    let mut request = request.unwrap();
    request.headers_mut().insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    assert_eq!(room.send(request).await.status, 200);
    create(&acme, "https://native.example/").await;
    let pending = async || {
        let listed = acme.get("/api/v1/webhooks").await;
        let webhooks = listed.data();
        let pending = webhooks.iter().filter(|webhook| webhook["verification"]["status"] == "pending").count();
        (pending, webhooks.len())
    };
    assert_eq!((pending().await, jobs(&room)), ((4, 4), 4));

    // The changes of these APIs ask too: each begins another verification.
    let listed = acme.get("/api/webhooks/manage").await.body.to_string();
    assert!(listed.contains("\"active\":false"), "{listed}");
    let mailjet = json!({ "Url": "https://other.mailjet.example/" });
    assert_eq!(acme.put("/v3/REST/eventcallbackurl/open%7Cfalse", &mailjet).await.status, 200);
    assert_eq!((pending().await, jobs(&room)), ((4, 4), 5));
}

#[tokio::test]
async fn a_challenge_whose_job_was_never_sent_is_found_by_the_sweep() {
    let (room, receiver) = asking_of("/hook", [Says::Challenge]).await;
    let acme = room.tenant().await;
    // As often as one send tries.
    room.world.aws.sqs.refuse_entries(3);
    let made = create(&acme, &receiver.url("/hook")).await;
    assert_eq!(jobs(&room), 0);
    sweep(&room);
    room.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 0, "it is not overdue yet");
    room.world.clock.advance(SignedDuration::from_hours(2));
    sweep(&room);
    room.world.run_until_idle().await.unwrap();
    assert_eq!(acme.get(&path_of(&made)).await.body["verification"]["status"], "verified");
}

#[tokio::test]
async fn whichever_call_of_a_change_fails_the_new_url_is_asked_and_nothing_is_lost() {
    // One call too many ends this: the break then meets a call after the request, or none.
    for index in 0..8 {
        for how in [Break::Before, Break::After] {
            let (room, receiver) = asking_of("/new", [Says::Challenge]).await;
            let acme = room.tenant().await;
            let old = room.world.webhook(acme.tenant_id(), &receiver.url("/old")).await.unwrap();
            let path = format!("/api/v1/webhooks/{}", old.id);
            room.world.aws.take_calls();
            room.world.aws.break_call(index, how);
            let change = json!({ "url": receiver.url("/new") });
            let mut tries = 0;
            while acme.patch(&path, &change).await.status != 200 {
                tries += 1;
                assert!(tries < 4, "call {index}");
            }
            room.world.aws.call_off_break();
            room.world.clock.advance(PAST_THE_CACHE);
            let event = accept(&room, &acme, "held").await;
            room.world.run_until_idle().await.unwrap();
            room.world.clock.advance(SignedDuration::from_hours(2));
            sweep(&room);
            room.world.run_until_idle().await.unwrap();
            let row = room.world.deliveries.get(acme.tenant_id(), old.id, event.id).await.unwrap().unwrap();
            assert_eq!(row.state, DeliveryState::Delivered, "call {index} ({how:?})");
            assert!(receiver.received("/old").is_empty());
            assert_eq!(told(&room), ["webhook.pending", "webhook.verified"], "call {index} ({how:?})");
        }
    }
}

#[tokio::test]
async fn a_suspended_tenants_urls_are_asked_after_the_suspension() {
    let (room, receiver) = asking_of("/hook", [Says::Challenge]).await;
    let acme = room.tenant().await;
    let made = create(&acme, &receiver.url("/hook")).await;
    let tenant = format!("/api/v1/tenants/{}", acme.tenant_id());
    room.admin().patch(&tenant, &json!({ "suspended": true })).await;
    room.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 0);
    room.admin().patch(&tenant, &json!({ "suspended": false })).await;
    room.world.run_until_idle().await.unwrap();
    assert_eq!(acme.get(&path_of(&made)).await.body["verification"]["status"], "verified");
}
