//! The job that asks a new URL for its consent: its effects, its crashes, and what is posted.

use jiff::SignedDuration;
use shared::breaker::{Breaker, BreakerSettings};
use shared::delivery::DeliveryState;
use shared::dialect::Dialect;
use shared::event::Event;
use shared::queue::job::{Job, VerifyJob};
use shared::unknown_fields::UnknownFields;
use shared::webhook::{ChallengeResult, MAX_CHALLENGES, UrlVerification, VerificationId, Webhook};
use support::world::{DELIVERIES, SLOW};
use support::{Answer, Break, Receiver};

use crate::Scene;

/// Maximum calls of one verify job and what follows from it. Reason: no break of these tests needs as many.
const MAX_CALLS: usize = 60;

/// A webhook whose URL is new, and the job that asks the URL.
async fn pending(scene: &Scene, url: &str, change: impl FnOnce(Webhook) -> Webhook) -> Webhook {
    let (id, now) = (VerificationId::generate([1; 10]), scene.world.clock.now());
    let webhook = scene.webhook_with(url, |webhook| change(webhook).asking_consent(None, id, now)).await;
    scene.world.aws.sqs.put(DELIVERIES, &job_of(&webhook).to_json());
    webhook
}

fn job_of(webhook: &Webhook) -> Job {
    let verification = webhook.verification.as_ref().unwrap().id.clone();
    Job::Verify(VerifyJob {
        tenant: webhook.tenant,
        webhook: webhook.id,
        verification,
        unknown: UnknownFields::default(),
    })
}

impl Scene {
    async fn asked(&self, webhook: &Webhook) -> UrlVerification {
        self.webhook_now(webhook).await.verification.unwrap()
    }

    async fn webhook_now(&self, webhook: &Webhook) -> Webhook {
        self.world.registry.webhooks.get(self.tenant, webhook.id).await.unwrap().unwrap()
    }
}

#[tokio::test]
async fn a_challenge_is_signed_in_every_dialect_and_its_answer_is_read() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    for dialect in Dialect::ALL {
        let path = format!("/{}", dialect.as_str());
        receiver.script(&path, [Answer::Challenge]);
        let webhook = pending(&scene, &receiver.url(&path), |webhook| Webhook { dialect: *dialect, ..webhook }).await;
        scene.world.run_until_idle().await.unwrap();
        assert!(!scene.webhook_now(&webhook).await.is_pending(), "{}", dialect.as_str());
        let [asked] = &receiver.received(&path)[..] else { panic!("not one challenge: {}", dialect.as_str()) };
        assert!(asked.verifies_with(webhook.secrets.current.expose()), "{}", dialect.as_str());
        assert!(asked.webhook_id().starts_with("challenge_"));
        let own = match dialect {
            Dialect::Platform => "x-webhook-signature",
            Dialect::Mailgreet => "x-mailgreet-signature",
            Dialect::Mailtura => "x-mailtura-signature",
            Dialect::Mailgun | Dialect::MailgunLegacy => {
                let body = String::from_utf8(asked.body.to_vec()).unwrap();
                assert!(body.contains("signature") && body.contains("token"), "{body}");
                continue;
            }
            Dialect::Standard | Dialect::Mailjet | Dialect::MailjetV2 => continue,
        };
        assert!(asked.headers.contains_key(own), "{own}");
    }
}

#[tokio::test]
async fn a_server_that_sends_everything_back_has_not_agreed_and_redirects_are_not_followed() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let location = vec![("location", receiver.url("/elsewhere"))];
    receiver.script("/moved", [Answer::Full(302, location, Vec::new())]);
    receiver.script("/huge", [Answer::Full(200, Vec::new(), vec![b'x'; 1024 * 1024])]);
    for (path, expected) in [("/moved", ChallengeResult::Refused), ("/huge", ChallengeResult::WrongAnswer)] {
        let webhook = pending(&scene, &receiver.url(path), |webhook| webhook).await;
        scene.world.run_until_idle().await.unwrap();
        let asked = scene.asked(&webhook).await;
        assert_eq!((asked.is_pending(), asked.result), (true, Some(expected)), "{path}");
        assert_eq!(asked.challenges, MAX_CHALLENGES);
    }
    assert!(receiver.received("/elsewhere").is_empty());
}

#[tokio::test]
async fn a_url_that_hangs_has_five_seconds() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Hang]);
    let webhook = pending(&scene, &receiver.url("/hook"), |webhook| webhook).await;
    // The job is carried out in the slow queue: nothing is known of a new URL.
    scene.world.pump_queue(DELIVERIES).await;
    let asking = scene.world.pump_queue(SLOW);
    let passing = async {
        receiver.reached("/hook", 1).await;
        scene.world.pass(std::time::Duration::from_secs(5)).await;
    };
    futures::join!(asking, passing);
    assert_eq!(scene.asked(&webhook).await.result, Some(ChallengeResult::Timeout));
}

#[tokio::test]
async fn the_answer_counts_for_nothing_if_the_url_changed_while_it_was_under_way() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Challenge]);
    let webhook = pending(&scene, &receiver.url("/hook"), |webhook| webhook).await;
    let other = scene.world.another_registry();
    let url = shared::webhook::WebhookUrl::from_stored(&receiver.url("/other")).unwrap();
    // The job has read the webhook and claims the challenge. Then the tenant changes the URL, before the answer.
    let changed = async {
        receiver.reached("/hook", 1).await;
        let stored = other.webhooks.get(scene.tenant, webhook.id).await.unwrap().unwrap();
        let id = VerificationId::generate([2; 10]);
        let changed = Webhook { url: url.into(), ..stored.clone() };
        let changed = changed.asking_consent(Some(&stored), id, scene.world.clock.now());
        // If the job was quicker, the first URL has answered already, and the new one is asked nevertheless.
        other.webhook_writer.replace(&changed, None).await
    };
    scene.world.pump_queue(DELIVERIES).await;
    let (_, replaced) = futures::join!(scene.world.pump_queue(SLOW), changed);
    if replaced.is_ok() {
        let asked = scene.asked(&webhook).await;
        assert_eq!((asked.is_pending(), asked.id), (true, VerificationId::generate([2; 10])));
    }
}

#[tokio::test]
async fn copies_of_the_job_make_one_challenge() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500)]);
    let webhook = pending(&scene, &receiver.url("/hook"), |webhook| webhook).await;
    for _ in 0..5 {
        scene.world.aws.sqs.put(DELIVERIES, &job_of(&webhook).to_json());
    }
    scene.world.pump_queue(DELIVERIES).await;
    scene.world.pump_queue(SLOW).await;
    assert_eq!(receiver.received("/hook").len(), 1);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/hook").len(), usize::from(MAX_CHALLENGES));
}

#[tokio::test]
async fn a_breaker_that_opened_before_the_change_is_closed_when_the_new_url_has_agreed() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500), Answer::Challenge, Answer::Status(200)]);
    let breaker = BreakerSettings { failures: 1, window_seconds: 0, disable_after_hours: 720 };
    let webhook = pending(&scene, &receiver.url("/hook"), |webhook| Webhook { breaker, ..webhook }).await;
    scene.world.open_breaker(&webhook).await.unwrap();
    let event = scene.accept("held").await;
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered);
    let breaker = scene.world.registry.receivers.get_breaker(scene.tenant, webhook.id).await.unwrap();
    assert!(matches!(breaker, Breaker::Closed { .. }), "{breaker:?}");
}

/// A pending webhook that holds a delivery. Its URL answers.
async fn setting() -> (Scene, Receiver, Webhook, Event) {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let (id, now) = (VerificationId::generate([1; 10]), scene.world.clock.now());
    let url = receiver.url("/hook");
    let webhook = scene.webhook_with(&url, |webhook| webhook.asking_consent(None, id, now)).await;
    let event = scene.accept("held").await;
    scene.world.run_until_idle().await.unwrap();
    receiver.script("/hook", [Answer::Challenge]);
    scene.world.aws.sqs.put(DELIVERIES, &job_of(&webhook).to_json());
    scene.world.aws.take_calls();
    (scene, receiver, webhook, event)
}

#[tokio::test]
async fn whichever_call_fails_the_url_is_verified_and_what_was_held_arrives() {
    let (scene, _receiver, _webhook, _event) = setting().await;
    scene.world.run_until_idle().await.unwrap();
    let calls = scene.world.aws.take_calls();
    assert!(calls.len() < MAX_CALLS, "{}", calls.len());
    for (index, call) in calls.iter().enumerate() {
        for how in [Break::Before, Break::After] {
            let (scene, receiver, webhook, event) = setting().await;
            scene.world.aws.break_call(index, how);
            scene.world.run_until_idle().await.unwrap();
            let stored = scene.webhook_now(&webhook).await;
            assert!(!stored.is_pending(), "call {index} failed ({how:?}): {call:?}");
            assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered, "{index} {how:?} {call:?}");
            let challenges = receiver.received("/hook");
            let challenges = challenges.iter().filter(|asked| asked.webhook_id().starts_with("challenge_")).count();
            assert!(challenges <= usize::from(MAX_CHALLENGES), "{challenges}");
            let told = scene.world.told().unwrap();
            let verified = told.iter().filter(|event| event.facts.event_type.as_str() == "webhook.verified").count();
            assert_eq!(verified, 1, "call {index} failed ({how:?}): {call:?}");
        }
    }
}

#[tokio::test]
async fn what_a_pending_webhook_holds_ends_with_the_retention() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500)]);
    let webhook = pending(&scene, &receiver.url("/hook"), |webhook| webhook).await;
    let event = scene.accept("held").await;
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Held);
    scene.world.clock.advance(SignedDuration::from_hours(31 * 24));
    let sweep = Job::Sweep(shared::queue::job::Sweep::default());
    scene.world.aws.sqs.put(DELIVERIES, &sweep.to_json());
    scene.world.run_until_idle().await.unwrap();
    assert!(matches!(scene.row(&webhook, &event).await.state, DeliveryState::Dead { .. }));
}
