//! Slow receivers: their deliveries wait for each other, and no other deliveries wait for them.

use std::time::Duration;

use jiff::SignedDuration;
use shared::delivery::DeliveryState;
use shared::slowness::{QUICK_ATTEMPTS_NEEDED, SLOW_ATTEMPT};
use shared::webhook::Webhook;
use support::world::{DELIVERIES, RETRIES, SLOW};
use support::{Answer, Receiver};

use crate::Scene;

/// A webhook whose first attempt was slow, and whose receiver answers at once from now on.
async fn found_slow(scene: &Scene, receiver: &Receiver) -> Webhook {
    receiver.script("/slow", [Answer::Hang, Answer::Status(200)]);
    let slow = scene.webhook_with(&receiver.url("/slow"), |webhook| Webhook { timeout_ms: 2_500, ..webhook }).await;
    scene.accept("first").await;
    scene.world.pump_stream().await.unwrap();
    assert_eq!(slow_attempt(scene, receiver).await, 1);
    slow
}

/// Delivers while the receiver hangs until the attempt counts as slow, and then until the time limit. Returns the
/// number of jobs.
async fn slow_attempt(scene: &Scene, receiver: &Receiver) -> usize {
    let hang = async {
        receiver.reached("/slow", 1).await;
        scene.world.pass(SLOW_ATTEMPT).await;
        scene.world.pass(Duration::from_millis(500)).await;
    };
    tokio::join!(scene.world.pump_queue(DELIVERIES), hang).0
}

#[tokio::test]
async fn what_was_slow_is_attempted_from_the_slow_queue_alone() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let slow = found_slow(&scene, &receiver).await;
    let quick = scene.webhook_with(&receiver.url("/quick"), |webhook| webhook).await;

    let event = scene.accept("second").await;
    scene.world.pump_stream().await.unwrap();
    // Another function did not make the slow attempt, but knows of it.
    let other = scene.world.another_deliver(|_| ()).unwrap();
    scene.world.pump_queue_with(DELIVERIES, &other).await;
    assert_eq!(receiver.received("/slow").len(), 1, "attempted in the invocations that others wait for");
    assert_eq!(receiver.received("/quick").len(), 1);
    assert_eq!(scene.row(&quick, &event).await.state, DeliveryState::Delivered);
    assert!(scene.world.aws.sqs.messages(DELIVERIES).is_empty());

    assert!(scene.world.aws.sqs.messages(RETRIES).iter().all(|message| !message.body.contains(&event.id.to_string())));

    // The job only waits for an invocation of the slow queue, and this move was not an attempt.
    scene.world.pump_queue_with(SLOW, &other).await;
    let row = scene.row(&slow, &event).await;
    assert_eq!((row.state, row.attempts.len(), row.attempts[0].number), (DeliveryState::Delivered, 1, 1));
}

/// Delivers another event by the slow queue. Nothing is attempted from the deliveries queue.
async fn by_slow_queue(scene: &Scene, receiver: &Receiver, path: &str, key: &str) {
    let before = receiver.received(path).len();
    scene.accept(key).await;
    scene.world.pump_stream().await.unwrap();
    scene.world.pump_queue(DELIVERIES).await;
    assert_eq!(receiver.received(path).len(), before, "{key}");
    scene.world.pump_queue(SLOW).await;
    assert_eq!(receiver.received(path).len(), before + 1, "{key}");
}

#[tokio::test]
async fn a_receiver_that_is_quick_again_is_treated_so_after_two_minutes_and_five_quick_attempts() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let slow = found_slow(&scene, &receiver).await;
    // Quick attempts within the two minutes do not count.
    by_slow_queue(&scene, &receiver, "/slow", "too early").await;
    scene.world.clock.advance(SignedDuration::from_secs(125));
    for number in 0..QUICK_ATTEMPTS_NEEDED {
        by_slow_queue(&scene, &receiver, "/slow", &number.to_string()).await;
    }
    let event = scene.accept("last").await;
    scene.world.pump_stream().await.unwrap();
    scene.world.pump_queue(DELIVERIES).await;
    assert_eq!(scene.row(&slow, &event).await.state, DeliveryState::Delivered);
}

/// Five hundred new webhooks that hang could otherwise take all places before the first attempt is over.
#[tokio::test]
async fn a_new_receiver_is_attempted_from_the_slow_queue_until_it_was_quick_five_times() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.new_webhook_with(scene.tenant, &receiver.url("/new"), |webhook| webhook).await.unwrap();
    for number in 0..QUICK_ATTEMPTS_NEEDED {
        by_slow_queue(&scene, &receiver, "/new", &number.to_string()).await;
    }
    let event = scene.accept("last").await;
    scene.world.pump_stream().await.unwrap();
    scene.world.aws.take_calls();
    scene.world.pump_queue(DELIVERIES).await;
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered);
    // From now on quick attempts are not counted, so they cost no write.
    let calls = scene.world.aws.take_calls();
    assert!(!calls.iter().any(|call| call.operation == "DynamoDB.UpdateItem" && call.resource == "registry"));
}

#[tokio::test]
async fn a_receiver_that_is_quick_and_slow_by_turns_stays_in_the_slow_queue() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let change = |webhook| Webhook { timeout_ms: 2_500, ..webhook };
    let webhook = scene.world.new_webhook_with(scene.tenant, &receiver.url("/slow"), change).await.unwrap();
    for round in 0..3 {
        receiver.script("/slow", [Answer::Status(200)]);
        for number in 1..QUICK_ATTEMPTS_NEEDED {
            by_slow_queue(&scene, &receiver, "/slow", &format!("{round} {number}")).await;
        }
        receiver.script("/slow", [Answer::Hang, Answer::Status(200)]);
        let reached = receiver.received("/slow").len();
        scene.accept(&format!("{round} slow")).await;
        scene.world.pump_stream().await.unwrap();
        scene.world.pump_queue(DELIVERIES).await;
        let hang = async {
            receiver.reached("/slow", reached + 1).await;
            scene.world.pass(SLOW_ATTEMPT).await;
            scene.world.pass(Duration::from_millis(500)).await;
        };
        tokio::join!(scene.world.pump_queue(SLOW), hang);
        scene.world.run_until_idle().await.unwrap();
        scene.world.clock.advance(SignedDuration::from_mins(10));
    }
    let (_, slowness) = scene.world.registry.receivers.get(scene.tenant, webhook.id).await.unwrap();
    assert!(slowness.needs_slow_queue(scene.world.clock.now()));
    assert_eq!(slowness.relapses, 0, "it was never known to be quick");
}

/// The note is written while the attempt lasts. If the write of the note fails, the attempt and its row are not
/// affected.
#[tokio::test]
async fn a_failed_note_fails_nothing_else() {
    for how in [support::Break::Before, support::Break::After] {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        receiver.script("/slow", [Answer::Hang, Answer::Status(200)]);
        let slow = scene.webhook_with(&receiver.url("/slow"), |webhook| Webhook { timeout_ms: 2_500, ..webhook }).await;
        let event = scene.accept("first").await;
        scene.world.pump_stream().await.unwrap();
        // The note is the first row that is updated.
        scene.world.aws.break_at("DynamoDB.UpdateItem", 0, how);
        slow_attempt(&scene, &receiver).await;
        assert!(!scene.world.aws.call_off_break(), "{:?}", scene.world.aws.take_calls());
        let calls = scene.world.aws.take_calls();
        let broken = calls.iter().find(|call| call.operation == "DynamoDB.UpdateItem").expect("a note");
        assert_eq!(broken.resource, "registry", "{calls:?}");
        let row = scene.row(&slow, &event).await;
        assert!(matches!(row.state, DeliveryState::Waiting { .. }), "{how:?}: {row:?}");
        scene.world.run_until_idle().await.unwrap();
        assert_eq!(scene.row(&slow, &event).await.state, DeliveryState::Delivered, "{how:?}");
    }
}
