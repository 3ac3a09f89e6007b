//! Attempts, their schedule and their record.

use jiff::SignedDuration;
use shared::delivery::{DeliveryState, Outcome};
use shared::dialect::Dialect;
use support::world::{DELIVERIES, RETRIES};
use support::{Answer, Receiver};

use crate::Scene;

#[tokio::test]
async fn a_delivery_carries_the_standard_headers_and_verifies() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    let event = scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    let got = receiver.received("/hook");
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].webhook_id(), event.id.to_string());
    assert!(got[0].verifies_with(webhook.secrets.current.expose()));
    let row = scene.row(&webhook, &event).await;
    assert_eq!(row.state, DeliveryState::Delivered);
    assert_eq!(row.attempts[0].outcome, Outcome::Delivered { status: 200 });
    assert_eq!(row.attempts[0].address.as_deref(), Some("127.0.0.1"));
}

#[tokio::test]
async fn the_platform_dialect_has_its_own_signature_and_the_standard_one() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let url = receiver.url("/hook");
    let webhook = scene.world.webhook_with(scene.tenant, &url, |mut webhook| {
        webhook.dialect = Dialect::Platform;
        webhook
    });
    let webhook = webhook.await.unwrap();
    scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    let got = &receiver.received("/hook")[0];
    assert!(got.verifies_with(webhook.secrets.current.expose()));
    let expected = shared::signature::hex_of_body(&webhook.secrets.current, &got.body);
    assert_eq!(got.headers["x-webhook-signature"], expected);
    let body: serde_json::Value = serde_json::from_slice(&got.body).unwrap();
    assert_eq!(body["type"], "email.delivery");
}

#[tokio::test]
async fn two_failures_then_success_are_three_attempts_on_schedule() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/flaky", [Answer::Status(500), Answer::Status(503), Answer::Status(204)]);
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/flaky")).await.unwrap();
    let event = scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    let row = scene.row(&webhook, &event).await;
    let statuses: Vec<_> = row.attempts.iter().map(|attempt| attempt.outcome.status().unwrap()).collect();
    assert_eq!(statuses, [500, 503, 204]);
    let numbers: Vec<_> = row.attempts.iter().map(|attempt| attempt.number).collect();
    assert_eq!(numbers, [1, 2, 3]);
    // The policy's delays are 1 s and 2 s, jittered by a tenth.
    let gap = |a: usize, b: usize| row.attempts[b].at.duration_since(row.attempts[a].at);
    assert!(gap(0, 1) >= SignedDuration::from_millis(900) && gap(1, 2) >= SignedDuration::from_millis(1_800));
    let ids: Vec<_> = receiver.received("/flaky").iter().map(|got| got.webhook_id().to_owned()).collect();
    assert_eq!(ids, vec![event.id.to_string(); 3]);
}

#[tokio::test]
async fn a_message_that_comes_back_early_is_hidden_again_and_not_attempted() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/down", [Answer::Full(503, vec![("retry-after", "3600".to_owned())], Vec::new())]);
    scene.world.webhook(scene.tenant, &receiver.url("/down")).await.unwrap();
    scene.accept("a").await;
    scene.world.pump_stream().await.unwrap();
    scene.world.pump_queue(DELIVERIES).await;
    // SQS delays by 15 minutes at most, so the job comes back early three times, and is hidden for the rest.
    assert_eq!(receiver.received("/down").len(), 1);
    scene.world.clock.advance(SignedDuration::from_secs(900));
    assert_eq!(scene.world.pump_queue(RETRIES).await, 1);
    assert_eq!(receiver.received("/down").len(), 1);
    let due = scene.world.aws.sqs.next_visible(RETRIES).unwrap().duration_since(scene.world.clock.now());
    assert!((2_690..=2_701).contains(&due.as_secs()), "{due:?}");
    scene.world.clock.advance(SignedDuration::from_secs(2_701));
    assert_eq!(scene.world.pump_queue(RETRIES).await, 1);
    assert_eq!(receiver.received("/down").len(), 2);
}

#[tokio::test]
async fn retry_after_counts_in_both_forms_on_429_and_503_alone() {
    let scene = Scene::start().await;
    let now = scene.world.clock.now();
    let date = (now + SignedDuration::from_secs(3_600)).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    for (status, form, seconds) in
        [(429, "3600", 3_600), (503, "3600", 3_600), (429, &date, 3_600), (503, &date, 3_600), (500, "3600", 1)]
    {
        let receiver = Receiver::start().await.unwrap();
        let answer = Answer::Full(status, vec![("retry-after", form.to_owned())], Vec::new());
        receiver.script("/busy", [answer]);
        let tenant = scene.world.tenant().await.unwrap();
        let webhook = scene.world.webhook(tenant, &receiver.url("/busy")).await.unwrap();
        let event = scene.world.event(tenant, "a");
        scene.world.events.put(&event).await.unwrap();
        scene.world.pump_stream().await.unwrap();
        scene.world.pump_queue(DELIVERIES).await;
        let row = scene.world.deliveries.get(tenant, webhook.id, event.id).await.unwrap().unwrap();
        let DeliveryState::Waiting { next_attempt_at } = row.state else { panic!("{row:?}") };
        let waits = next_attempt_at.duration_since(now).as_secs();
        // A date has no fractions of a second, and the scene itself takes some time.
        assert!((seconds - 1..=seconds + 20).contains(&waits), "{status} {form}: {waits}");
    }
}

#[tokio::test]
async fn both_secrets_sign_during_a_rotation() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let old = shared::secret::SigningSecret::generate([7; 32]);
    let until = scene.world.clock.now() + SignedDuration::from_hours(1);
    let url = receiver.url("/hook");
    let webhook = scene.world.webhook_with(scene.tenant, &url, |mut webhook| {
        webhook.secrets.previous = Some((old.clone(), until));
        webhook
    });
    let webhook = webhook.await.unwrap();
    scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    let got = &receiver.received("/hook")[0];
    assert!(got.verifies_with(webhook.secrets.current.expose()) && got.verifies_with(old.expose()));
}

#[tokio::test]
async fn the_same_job_twice_is_one_delivery_in_the_record() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    let event = scene.accept("a").await;
    scene.world.pump_stream().await.unwrap();
    let body = scene.world.aws.sqs.messages(DELIVERIES)[0].body.clone();
    scene.world.aws.sqs.put(DELIVERIES, &body);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered);
    assert!(scene.world.aws.sqs.messages(DELIVERIES).is_empty());
    // Deliveries arrive at least once: a duplicate has the same id.
    assert!(receiver.received("/hook").iter().all(|got| got.webhook_id() == event.id.to_string()));
}

#[tokio::test]
async fn a_large_event_travels_by_reference() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    let mut event = scene.world.event(scene.tenant, "large");
    event.facts.diagnostic = Some("x".repeat(60 * 1024));
    scene.world.events.put(&event).await.unwrap();
    scene.world.pump_stream().await.unwrap();
    assert!(scene.world.aws.sqs.messages(DELIVERIES)[0].body.len() < 1024);
    scene.world.run_until_idle().await.unwrap();
    assert!(receiver.received("/hook")[0].body.len() > 60 * 1024);
}

#[tokio::test]
async fn without_time_for_a_whole_attempt_the_job_waits_for_another_turn_unattempted() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let url = receiver.url("/hook");
    let webhook = scene.world.webhook_with(scene.tenant, &url, |mut webhook| {
        webhook.timeout_ms = 15_000;
        webhook
    });
    let webhook = webhook.await.unwrap();
    let event = scene.accept("a").await;
    scene.world.pump_stream().await.unwrap();
    let batch = scene.world.aws.sqs.receive(DELIVERIES);
    let mut context = lambda_runtime::Context::default();
    let deadline = scene.world.clock.now() + SignedDuration::from_secs(10);
    context.deadline = u64::try_from(deadline.as_millisecond()).unwrap();
    let event_batch = lambda_runtime::LambdaEvent::new(batch.clone(), context);
    let answer = deliver::handle(event_batch, &scene.world.deliver).await.unwrap();
    assert!(answer.batch_item_failures.is_empty());
    scene.world.aws.sqs.finish(DELIVERIES, &batch, &[]);
    assert!(receiver.received("/hook").is_empty());
    assert!(scene.world.aws.sqs.next_visible(RETRIES).unwrap() <= scene.world.clock.now(), "not hidden: at once");
    scene.world.run_until_idle().await.unwrap();
    let row = scene.row(&webhook, &event).await;
    assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, 1));
}
