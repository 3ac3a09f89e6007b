//! Two functions have the same message: its visibility ended before its first invocation began, or while it was under
//! way. Whichever of their calls comes first, the message is not deleted while its delivery needs it.

use aws_lambda_events::event::sqs::SqsEvent;
use deliver::Deliver;
use jiff::SignedDuration;
use shared::delivery::DeliveryState;
use shared::event::Event;
use shared::webhook::{DisabledReason, Webhook, WebhookStatus};
use support::world::{DEAD_LETTER, DELIVERIES, RETRIES};
use support::{Answer, Break, Receiver};

use crate::held::recover;
use crate::{Scene, failing};

/// A delivery that waits for its second attempt. Two invocations have its message, and its webhook was disabled before
/// they began.
struct Overrun {
    scene: Scene,
    receiver: Receiver,
    webhook: Webhook,
    event: Event,
    /// A function that remembers the webhook as it was enabled.
    remembering: Deliver,
    first: SqsEvent,
    second: SqsEvent,
}

impl Overrun {
    async fn begin() -> Self {
        let answers = [Answer::Status(500), Answer::Status(500), Answer::Status(200)];
        let (scene, receiver, webhook) = Scene::with_hook(answers, failing(&[5, 300])).await;
        let remembering = scene.world.another_deliver(|_| {}).unwrap();
        let event = scene.accept("a").await;
        scene.world.pump_stream().await.unwrap();
        scene.world.pump_queue_with(DELIVERIES, &remembering).await;
        assert_eq!(receiver.count(), 1);
        let overrun = Self {
            scene,
            receiver,
            webhook,
            event,
            remembering,
            first: SqsEvent::default(),
            second: SqsEvent::default(),
        };
        overrun.switch(WebhookStatus::Disabled { reason: DisabledReason::Requested }).await;
        overrun.scene.world.clock.advance(SignedDuration::from_secs(6));
        let [first, second] = overrun.scene.world.receive_twice(RETRIES);
        assert_eq!((first.records.len(), second.records.len()), (1, 1));
        overrun.scene.world.aws.take_calls();
        Self { first, second, ..overrun }
    }

    async fn switch(&self, status: WebhookStatus) {
        let registry = &self.scene.world.registry;
        let stored = registry.webhooks.get(self.scene.tenant, self.webhook.id).await.unwrap().unwrap();
        registry.webhook_writer.replace(&Webhook { status, ..stored }, None).await.unwrap();
    }

    /// The first invocation, by a function with empty caches.
    async fn holds(&self) -> Vec<String> {
        self.scene.world.invoke(&self.first, &self.scene.world.deliver).await.unwrap()
    }

    /// The second invocation, by the function that remembers the webhook.
    async fn attempts(&self) -> Vec<String> {
        self.scene.world.invoke(&self.second, &self.remembering).await.unwrap()
    }

    /// SQS may delete a message by the receipt of an earlier receive.
    fn finish(&self, batch: &SqsEvent, kept: &[String]) {
        self.scene.world.aws.sqs.finish(RETRIES, batch, kept);
    }

    /// The webhook is enabled, and the release job is sent. Then the delivery must arrive.
    async fn assert_it_arrives_once_enabled(&self) {
        self.switch(WebhookStatus::Enabled).await;
        recover(&self.scene, &self.webhook);
        self.scene.world.run_until_idle().await.unwrap();
        assert_eq!(self.scene.row(&self.webhook, &self.event).await.state, DeliveryState::Delivered);
    }
}

/// Runs `slow`, and `other` while the first write of `slow` to a row is on its way.
async fn before_the_write_of<T>(slow: impl Future<Output = T>, other: impl Future<Output = ()>, scene: &Scene) -> T {
    let aws = &scene.world.aws;
    aws.break_at("DynamoDB.UpdateItem", 0, Break::Pause);
    let other = async {
        aws.call_begun("DynamoDB.UpdateItem").await;
        other.await;
        aws.go_on();
    };
    futures::join!(slow, other).0
}

#[tokio::test]
async fn a_hold_that_comes_after_an_attempt_of_the_same_message_keeps_it() {
    let overrun = Box::pin(Overrun::begin()).await;
    let second = async { overrun.finish(&overrun.second, &overrun.attempts().await) };
    let kept = Box::pin(before_the_write_of(overrun.holds(), second, &overrun.scene)).await;
    overrun.finish(&overrun.first, &kept);
    let row = overrun.scene.row(&overrun.webhook, &overrun.event).await;
    assert!(matches!(row.state, DeliveryState::Waiting { .. }), "{row:?}");
    overrun.assert_it_arrives_once_enabled().await;
    assert_eq!(overrun.receiver.count(), 3);
}

#[tokio::test]
async fn an_attempt_that_ends_after_a_hold_of_the_same_message_leaves_the_delivery_held() {
    let overrun = Box::pin(Overrun::begin()).await;
    let first = async { overrun.finish(&overrun.first, &overrun.holds().await) };
    let kept = Box::pin(before_the_write_of(overrun.attempts(), first, &overrun.scene)).await;
    overrun.finish(&overrun.second, &kept);
    assert_eq!(overrun.scene.row(&overrun.webhook, &overrun.event).await.state, DeliveryState::Held);
    overrun.assert_it_arrives_once_enabled().await;
}

/// The release finds nothing held any more. The second invocation must not rely on the message, because the first one
/// deletes it when it ends.
#[tokio::test]
async fn a_delivery_that_is_released_while_the_invocation_that_held_it_ends_goes_on_with_a_new_message() {
    let overrun = Box::pin(Overrun::begin()).await;
    let held = overrun.holds().await;
    assert!(held.is_empty());
    overrun.switch(WebhookStatus::Enabled).await;
    overrun.finish(&overrun.second, &overrun.attempts().await);
    // The attempt fails.
    overrun.scene.world.pump_queue(DELIVERIES).await;
    overrun.finish(&overrun.first, &held);
    overrun.assert_it_arrives_once_enabled().await;
}

/// The second invocation writes the row as dead, and ends before it has sent the dead letter.
#[tokio::test]
async fn a_lost_claim_sends_the_dead_letter_that_the_claims_holder_may_not_have_sent() {
    let (scene, receiver, webhook) = Scene::with_hook([Answer::Status(500)], failing(&[])).await;
    let event = scene.begun("a").await;
    assert_eq!(scene.world.aws.sqs.redrive(DEAD_LETTER, DELIVERIES), 1);
    let [first, second] = scene.world.receive_twice(DELIVERIES);
    let (aws, other) = (&scene.world.aws, scene.world.another_deliver(|_| {}).unwrap());
    aws.take_calls();
    let other = async {
        aws.break_at("SQS.SendMessageBatch", 0, Break::Before);
        let kept = scene.world.invoke(&second, &other).await.unwrap();
        assert_eq!(kept.len(), 1);
        aws.sqs.finish(DELIVERIES, &second, &kept);
    };
    let kept = Box::pin(before_the_write_of(scene.world.invoke(&first, &scene.world.deliver), other, &scene)).await;
    aws.sqs.finish(DELIVERIES, &first, &kept.unwrap());
    let row = scene.row(&webhook, &event).await;
    assert!(matches!(row.state, DeliveryState::Dead { .. }) && row.round == 1, "{row:?}");
    assert_eq!((aws.sqs.messages(DEAD_LETTER).len(), receiver.count()), (1, 2));
}
