//! The end of a schedule: dead letters, and how they come back.

use std::time::Duration;

use aws_smithy_types::retry::RetryConfig;
use jiff::SignedDuration;
use shared::delivery::job_verdict::RowCondition;
use shared::delivery::{DeadReason, DeliveryState};
use shared::retry::{Delays, RetryPolicy};
use shared::store::StoreError;
use shared::store::deliveries::Change;
use shared::unknown_fields::UnknownFields;
use shared::webhook::{DisabledReason, WebhookStatus};
use support::world::{DEAD_LETTER, DELIVERIES};
use support::{Answer, Break, Receiver};

use crate::Scene;

#[tokio::test]
async fn a_used_up_schedule_is_a_dead_letter_with_its_reason() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/down", [Answer::Status(500)]);
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/down")).await.unwrap();
    let event = scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    let row = scene.row(&webhook, &event).await;
    assert_eq!(row.state, DeliveryState::Dead { reason: DeadReason::AttemptsExhausted });
    assert_eq!(row.attempts.len(), 4);
    let letters = scene.world.aws.sqs.messages(DEAD_LETTER);
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].attributes["reason"], "attempts_exhausted");
    assert_eq!(letters[0].attributes["webhook"], webhook.id.to_string());
    assert_eq!(letters[0].group, scene.tenant.to_string());
}

#[tokio::test]
async fn a_redrive_gives_the_full_schedule_again_and_two_of_the_same_deliver_once() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/down", [Answer::Status(500)]);
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/down")).await.unwrap();
    let event = scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();

    assert_eq!(scene.world.aws.sqs.redrive(DEAD_LETTER, DELIVERIES), 1);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &event).await.attempts.len(), 8);

    receiver.script("/down", [Answer::Status(200)]);
    let letter = scene.world.aws.sqs.messages(DEAD_LETTER)[0].body.clone();
    scene.world.aws.sqs.redrive(DEAD_LETTER, DELIVERIES);
    scene.world.run_until_idle().await.unwrap();
    scene.world.aws.sqs.put(DELIVERIES, &letter);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/down").len(), 9);
    let row = scene.row(&webhook, &event).await;
    assert_eq!((row.state, row.round), (DeliveryState::Delivered, 2));
}

#[tokio::test]
async fn two_copies_of_a_dead_letter_in_one_batch_are_one_attempt() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/down", [Answer::Status(500)]);
    scene.world.webhook(scene.tenant, &receiver.url("/down")).await.unwrap();
    scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    let before = receiver.received("/down").len();

    receiver.script("/down", [Answer::Status(200)]);
    let letter = scene.world.aws.sqs.messages(DEAD_LETTER)[0].body.clone();
    scene.world.aws.sqs.redrive(DEAD_LETTER, DELIVERIES);
    scene.world.aws.sqs.put(DELIVERIES, &letter);
    assert_eq!(scene.world.pump_queue(DELIVERIES).await, 2);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/down").len(), before + 1);
}

#[tokio::test]
async fn gone_disables_the_webhook_and_ends_the_delivery() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/gone", [Answer::Status(410)]);
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/gone")).await.unwrap();
    let event = scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    let row = scene.row(&webhook, &event).await;
    assert_eq!(row.state, DeliveryState::Dead { reason: DeadReason::Gone });
    let webhook = scene.world.registry.webhooks.get(scene.tenant, webhook.id).await.unwrap().unwrap();
    assert_eq!(webhook.status, WebhookStatus::Disabled { reason: DisabledReason::Gone });
    // The next delivery is held: it is not lost and not attempted.
    let held = scene.accept("b").await;
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &held).await.state, DeliveryState::Held);
    assert_eq!(receiver.received("/gone").len(), 1);
}

#[tokio::test]
async fn what_is_no_job_goes_to_the_dead_letter_queue_at_once() {
    let scene = Scene::start().await;
    scene.world.aws.sqs.put(DELIVERIES, "not a job");
    scene.world.run_until_idle().await.unwrap();
    let letters = scene.world.aws.sqs.messages(DEAD_LETTER);
    assert_eq!(letters[0].body, "not a job");
    assert_eq!(letters[0].attributes["reason"], "unreadable");
}

#[tokio::test]
async fn an_event_that_expired_before_its_delivery_is_a_dead_letter() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    // The job refers to an event that is not stored.
    let event = scene.world.event(scene.tenant, "expired");
    let job = shared::queue::job::Job::Deliver(shared::queue::job::DeliverJob {
        tenant: scene.tenant,
        webhook: webhook.id,
        event: event.id,
        round: 0,
        inline: None,
        resend: false,
        slot: None,
        unknown: UnknownFields::default(),
    });
    scene.world.aws.sqs.put(DELIVERIES, &job.to_json());
    scene.world.run_until_idle().await.unwrap();
    let row = scene.row(&webhook, &event).await;
    assert_eq!(row.state, DeliveryState::Dead { reason: DeadReason::EventExpired });
    assert_eq!(scene.world.aws.sqs.messages(DEAD_LETTER).len(), 1);
}

/// A webhook whose deliveries have one attempt.
async fn with_one_attempt(scene: &Scene, url: &str) -> shared::webhook::Webhook {
    let webhook = scene.world.webhook_with(scene.tenant, url, |mut webhook| {
        webhook.retry_policy = RetryPolicy::Custom(Delays::new(&[]).unwrap());
        webhook
    });
    webhook.await.unwrap()
}

#[tokio::test]
async fn a_dead_letter_is_sent_though_the_rows_write_lost_its_answer_and_was_repeated_by_the_sdk() {
    for status in [500, 410] {
        let mut scene = Scene::start().await;
        let retries = RetryConfig::standard().with_initial_backoff(Duration::from_millis(1));
        scene.world.sdk = scene.world.sdk.to_builder().retry_config(retries).build();
        let room = scene.world.another_deliver(|_| {}).unwrap();
        let receiver = Receiver::start().await.unwrap();
        receiver.script("/down", [Answer::Status(status)]);
        let webhook = with_one_attempt(&scene, &receiver.url("/down")).await;
        let event = scene.accept("a").await;
        scene.world.pump_stream().await.unwrap();
        // The calls: the webhook is read, after a 410 it is disabled, then the row is written.
        scene.world.aws.break_call(if status == 410 { 2 } else { 1 }, Break::After);
        scene.world.pump_queue_with(DELIVERIES, &room).await;
        assert!(!scene.world.aws.call_off_break());
        assert!(matches!(scene.row(&webhook, &event).await.state, DeliveryState::Dead { .. }), "{status}");
        assert_eq!(scene.world.aws.sqs.messages(DEAD_LETTER).len(), 1, "{status}");
    }
}

#[tokio::test]
async fn gone_disables_the_webhook_whichever_call_fails() {
    // The calls: the webhook is read and disabled, the row is written, the dead letter is sent.
    for index in 0..4 {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        receiver.script("/gone", [Answer::Status(410)]);
        let webhook = with_one_attempt(&scene, &receiver.url("/gone")).await;
        scene.accept("a").await;
        scene.world.pump_stream().await.unwrap();
        scene.world.aws.break_call(index, Break::Before);
        scene.world.run_until_idle().await.unwrap();
        assert!(!scene.world.aws.call_off_break(), "call {index} was never made");
        let webhook = scene.world.registry.webhooks.get(scene.tenant, webhook.id).await.unwrap().unwrap();
        assert_eq!(webhook.status, WebhookStatus::Disabled { reason: DisabledReason::Gone }, "call {index} failed");
    }
}

#[tokio::test]
async fn a_first_job_that_comes_back_from_the_dead_letter_queue_looks_at_its_row() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    let event = scene.accept("a").await;
    scene.world.pump_stream().await.unwrap();
    // The event is delivered, but this invocation and all later ones end before the message is deleted. After 100
    // receives, each of which hides the message for three minutes, SQS moves the message to the dead-letter queue.
    let message = scene.world.aws.sqs.messages(DELIVERIES)[0].body.clone();
    scene.world.pump_queue(DELIVERIES).await;
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered);
    scene.world.clock.advance(SignedDuration::from_mins(100 * 3));
    scene.world.aws.sqs.put(DEAD_LETTER, &message);
    // A redrive makes a new message of it, which is then received for the first time.
    assert_eq!(scene.world.aws.sqs.redrive(DEAD_LETTER, DELIVERIES), 1);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/hook").len(), 1, "what was delivered is not attempted again");
}

/// To write a delivery as delivered, although its row says something else, must not take back a round that was begun
/// after the row was read.
#[tokio::test]
async fn a_row_that_says_delivered_after_all_stays_in_its_round() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    let event = scene.accept("a").await;
    let change = |expected, round, state| Change {
        tenant: scene.tenant,
        webhook: webhook.id,
        event: event.id,
        event_type: event.facts.event_type,
        expected,
        round,
        round_attempts: 1,
        attempt: None,
        drop_old_attempts: false,
        state,
        now: scene.world.clock.now(),
    };
    let waiting = DeliveryState::Waiting { next_attempt_at: scene.world.clock.now() };
    let deliveries = &scene.world.deliveries;
    deliveries.write(&change(RowCondition::Absent, 2, waiting)).await.unwrap();
    let written = deliveries.write(&change(RowCondition::Any, 1, DeliveryState::Delivered)).await;
    assert!(matches!(written, Err(StoreError::Conflict)), "{written:?}");
    deliveries.write(&change(RowCondition::Any, 2, DeliveryState::Delivered)).await.unwrap();
    let row = scene.row(&webhook, &event).await;
    assert_eq!((row.state, row.round), (DeliveryState::Delivered, 2));
}
