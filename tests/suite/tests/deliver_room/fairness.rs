//! Several webhooks in one batch, and batches that take long.

use aws_lambda_events::event::sqs::SqsEvent;
use jiff::SignedDuration;
use lambda_runtime::{Context, LambdaEvent};
use shared::delivery::DeliveryState;
use shared::event::Event;
use shared::queue::Outgoing;
use shared::queue::job::Job;
use shared::webhook::Webhook;
use support::seed::TIMEOUT;
use support::world::{DELIVERIES, RETRIES};
use support::{Answer, Receiver};

use crate::Scene;

/// A received batch of nine jobs of the webhook `many` and one job of the webhook `one`.
fn nine_and_one(scene: &Scene, many: &Webhook, one: &Webhook) -> (SqsEvent, Vec<Event>) {
    let mut events = Vec::new();
    for number in 0..10 {
        let event = scene.world.event(scene.tenant, &number.to_string());
        let webhook = if number < 9 { many } else { one };
        scene.world.aws.sqs.put(DELIVERIES, &Outgoing::now(&Job::first(webhook.id, &event)).body);
        events.push(event);
    }
    (scene.world.aws.sqs.receive(DELIVERIES), events)
}

/// Hands a batch to the room in an invocation with this much time. Returns the messages that the room reports as
/// failed.
async fn handed_over(scene: &Scene, batch: &SqsEvent, seconds: f64) -> Vec<String> {
    let deadline = scene.world.clock.now() + SignedDuration::from_secs_f64(seconds);
    let mut context = Context::default();
    context.deadline = u64::try_from(deadline.as_millisecond()).unwrap();
    let answer = deliver::handle(LambdaEvent::new(batch.clone(), context), &scene.world.deliver).await.unwrap();
    let failed: Vec<String> = answer.batch_item_failures.into_iter().filter_map(|one| one.item_identifier).collect();
    scene.world.aws.sqs.finish(DELIVERIES, batch, &failed);
    failed
}

#[tokio::test]
async fn nine_jobs_of_a_hanging_webhook_do_not_delay_the_one_of_another() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hanging", [Answer::Hang]);
    let hanging = scene.webhook_with(&receiver.url("/hanging"), |webhook| webhook).await;
    let healthy = scene.webhook_with(&receiver.url("/healthy"), |webhook| webhook).await;
    let (batch, events) = nine_and_one(&scene, &hanging, &healthy);
    // All ten have a place each. The time limit of the nine expires after the single delivery has arrived: if that
    // delivery waited for them, this would never end.
    let served = async {
        receiver.reached("/hanging", 9).await;
        receiver.reached("/healthy", 1).await;
        scene.world.pass(TIMEOUT).await;
    };
    let (failed, ()) = tokio::join!(handed_over(&scene, &batch, 30.0), served);
    assert!(failed.is_empty());
    assert_eq!(scene.row(&healthy, &events[9]).await.state, DeliveryState::Delivered);
    // Each of the nine was attempted in this batch.
    for event in &events[..9] {
        assert_eq!(scene.row(&hanging, event).await.attempts.len(), 1);
    }
}

/// A receiver that hangs must not keep another tenant's jobs of the same batch waiting while places are free.
#[tokio::test]
async fn an_attempt_that_hangs_keeps_no_job_of_another_tenant_waiting() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/one", [Answer::Hang]);
    let many = scene.webhook_with(&receiver.url("/many"), |webhook| webhook).await;
    let other = scene.world.tenant().await.unwrap();
    let one = scene.world.webhook(other, &receiver.url("/one")).await.unwrap();
    for number in 0..10 {
        let (tenant, webhook) = if number < 9 { (scene.tenant, &many) } else { (other, &one) };
        let event = scene.world.event(tenant, &number.to_string());
        scene.world.aws.sqs.put(DELIVERIES, &Outgoing::now(&Job::first(webhook.id, &event)).body);
    }
    let batch = scene.world.aws.sqs.receive(DELIVERIES);
    let hang = async {
        receiver.reached("/one", 1).await;
        // If some of the nine waited for the end of the other one, this would never end.
        receiver.reached("/many", 9).await;
        scene.world.pass(TIMEOUT).await;
    };
    let (failed, ()) = tokio::join!(handed_over(&scene, &batch, 30.0), hang);
    assert!(failed.is_empty());
}

#[tokio::test]
async fn requests_that_do_not_fit_into_the_invocation_are_not_cut_off() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let many = scene.webhook_with(&receiver.url("/many"), |webhook| webhook).await;
    let one = scene.webhook_with(&receiver.url("/one"), |webhook| webhook).await;
    let (batch, events) = nine_and_one(&scene, &many, &one);
    // An attempt of one second needs six seconds with everything that follows.
    let failed = handed_over(&scene, &batch, 5.9).await;
    assert!(failed.is_empty());
    assert_eq!((receiver.received("/many").len(), receiver.received("/one").len()), (0, 0));
    let now = scene.world.clock.now();
    let waiting = scene.world.aws.sqs.messages(RETRIES);
    assert_eq!(waiting.len(), 10);
    assert!(waiting.iter().all(|message| message.visible_at <= now), "they can be attempted at once");

    scene.world.run_until_idle().await.unwrap();
    for (number, event) in events.iter().enumerate() {
        let row = scene.row(if number < 9 { &many } else { &one }, event).await;
        assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, 1));
    }
}

#[tokio::test]
async fn a_webhook_that_is_alone_has_all_places() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/only", [Answer::Hang]);
    let only = scene.webhook_with(&receiver.url("/only"), |webhook| webhook).await;
    let (batch, _) = nine_and_one(&scene, &only, &only);
    let hang = async {
        receiver.reached("/only", 10).await;
        scene.world.pass(TIMEOUT).await;
    };
    tokio::join!(handed_over(&scene, &batch, 6.9), hang);
    assert_eq!(receiver.received("/only").len(), 10);
}
