//! The places of the functions: who uses more than its share while jobs wait leaves them to the others.

use std::time::Duration;

use jiff::SignedDuration;
use shared::breaker::BreakerSettings;
use shared::delivery::DeliveryState;
use shared::event::Event;
use shared::id::TenantId;
use shared::rate_limit::RateLimit;
use shared::retry::{Delays, RetryPolicy};
use shared::slowness::SLOW_ATTEMPT;
use shared::webhook::Webhook;
use support::world::{DELIVERIES, RETRIES, SLOW};
use support::{Answer, Break, Receiver};

use crate::Scene;

/// How long the receivers of these tests hang: less than what counts as a slow attempt.
const JUST_QUICK_ENOUGH_MS: u32 = 1_900;
/// A breaker that never opens here.
const PATIENT: BreakerSettings = BreakerSettings { failures: 1_000, window_seconds: 300, disable_after_hours: 72 };

fn just_quick_enough(webhook: Webhook) -> Webhook {
    let retry_policy = RetryPolicy::Custom(Delays::new(&[5, 60, 60, 60]).unwrap());
    Webhook { timeout_ms: JUST_QUICK_ENOUGH_MS, breaker: PATIENT, retry_policy, ..webhook }
}

/// The events of a tenant, accepted, with their jobs in the deliveries queue.
async fn accept(scene: &Scene, tenant: TenantId, count: usize, name: &str) -> Vec<Event> {
    let mut events = Vec::new();
    for number in 0..count {
        let event = scene.world.event(tenant, &format!("{name}-{number}"));
        scene.world.events.put(&event).await.unwrap();
        events.push(event);
    }
    scene.world.pump_stream().await.unwrap();
    events
}

fn wait(scene: &Scene, millis: i64) {
    scene.world.clock.advance(SignedDuration::from_millis(millis));
}

/// Hands the room a batch of `queue` while the receiver lets `count` more requests hang for so long.
async fn hang(scene: &Scene, receiver: &Receiver, queue: &str, count: usize, millis: u64) {
    let reached = receiver.received("/slow").len() + count;
    let hang = async {
        receiver.reached("/slow", reached).await;
        scene.world.pass(Duration::from_millis(millis)).await;
    };
    tokio::join!(scene.world.pump_queue(queue), hang);
}

/// A tenant whose receiver has hung for ten jobs that had waited for so long.
async fn ten_hung(scene: &Scene, receiver: &Receiver, waited_ms: i64) -> Webhook {
    receiver.script("/slow", [Answer::Hang]);
    let webhook = scene.webhook_with(&receiver.url("/slow"), just_quick_enough).await;
    accept(scene, scene.tenant, 10, "first").await;
    wait(scene, waited_ms);
    hang(scene, receiver, DELIVERIES, 10, u64::from(JUST_QUICK_ENOUGH_MS)).await;
    webhook
}

fn count(scene: &Scene, queue: &str) -> usize {
    scene.world.aws.sqs.messages(queue).len()
}

#[tokio::test]
async fn under_pressure_who_uses_more_than_its_share_goes_to_the_slow_queue_and_others_do_not() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    ten_hung(&scene, &receiver, 1_100).await;
    let other = scene.world.tenant().await.unwrap();
    let bystander = scene.world.webhook(other, &receiver.url("/quick")).await.unwrap();
    // Another webhook of the tenant shares the tenant's lot: five hundred webhooks may be slow in turn.
    scene.webhook_with(&receiver.url("/second"), just_quick_enough).await;
    scene.world.aws.take_calls();

    accept(&scene, scene.tenant, 1, "more").await;
    let events = accept(&scene, other, 1, "of the bystander").await;
    scene.world.pump_queue(DELIVERIES).await;
    assert_eq!((receiver.received("/slow").len(), receiver.received("/second").len()), (10, 0));
    assert_eq!(receiver.received("/quick").len(), 1);
    let row = scene.world.deliveries.get(other, bystander.id, events[0].id).await.unwrap().unwrap();
    assert_eq!(row.state, DeliveryState::Delivered);
    let sent = scene.world.aws.sqs.messages(SLOW);
    assert_eq!(sent.len(), 2);
    // SQS fair queues judge the tenant in this queue too.
    assert!(sent.iter().all(|message| message.group == scene.tenant.to_string()));
    assert_eq!(count(&scene, DELIVERIES), 0);

    // Another function has not seen that, and knows of it: one write for each webhook.
    let calls = scene.world.aws.take_calls();
    assert_eq!(calls.iter().filter(|call| call.operation == "DynamoDB.UpdateItem").count(), 2 + 1, "{calls:?}");
    let newcomer = scene.world.another_deliver(|_| ()).unwrap();
    accept(&scene, scene.tenant, 1, "even more").await;
    scene.world.pump_queue_with(DELIVERIES, &newcomer).await;
    assert_eq!((receiver.received("/slow").len(), count(&scene, SLOW)), (10, 4));

    // From the slow queue every job is attempted, by any function.
    receiver.script("/slow", [Answer::Status(200)]);
    scene.world.pump_queue(SLOW).await;
    assert_eq!((receiver.received("/slow").len(), receiver.received("/second").len()), (12, 2));
    assert_eq!(count(&scene, SLOW), 0);
}

#[tokio::test]
async fn without_pressure_nobody_leaves_and_nothing_costs_a_call_more() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    ten_hung(&scene, &receiver, 1_000).await;
    scene.world.aws.take_calls();
    accept(&scene, scene.tenant, 10, "more").await;
    scene.world.aws.take_calls();
    hang(&scene, &receiver, DELIVERIES, 10, u64::from(JUST_QUICK_ENOUGH_MS)).await;
    assert_eq!((receiver.received("/slow").len(), count(&scene, SLOW)), (20, 0));
    // The breaker counts ten failures, and ten rows are written.
    let calls = scene.world.aws.take_calls();
    assert!(calls.iter().all(|call| !call.resource.contains(SLOW)), "{calls:?}");
    assert_eq!(calls.iter().filter(|call| call.operation == "SQS.SendMessageBatch").count(), 1, "{calls:?}");
}

#[tokio::test]
async fn a_burst_of_quick_attempts_stays_although_its_own_queue_is_late() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/slow", [Answer::Hang]);
    scene
        .webhook_with(&receiver.url("/slow"), |webhook| Webhook { timeout_ms: 400, breaker: PATIENT, ..webhook })
        .await;
    for round in 0..5 {
        accept(&scene, scene.tenant, 10, &round.to_string()).await;
        wait(&scene, 2_000);
        hang(&scene, &receiver, DELIVERIES, 10, 400).await;
    }
    assert_eq!((receiver.received("/slow").len(), count(&scene, SLOW)), (50, 0));
}

#[tokio::test]
async fn late_retries_are_pressure_and_go_to_the_slow_queue_too() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    // The first attempts are not late. Their retries are, and the window has nothing else.
    let webhook = ten_hung(&scene, &receiver, 0).await;
    wait(&scene, 40_000);
    hang(&scene, &receiver, RETRIES, 10, u64::from(JUST_QUICK_ENOUGH_MS)).await;
    assert_eq!(count(&scene, SLOW), 0);
    let events = accept(&scene, scene.tenant, 1, "late").await;
    scene.world.pump_queue(DELIVERIES).await;
    assert_eq!((receiver.received("/slow").len(), count(&scene, SLOW)), (20, 1));

    // A retry that is due goes there as well, and from there it waits in the retries queue again.
    wait(&scene, 100_000);
    let newcomer = scene.world.another_deliver(|_| ()).unwrap();
    scene.world.pump_queue_with(RETRIES, &newcomer).await;
    assert_eq!((receiver.received("/slow").len(), count(&scene, RETRIES), count(&scene, SLOW)), (20, 0, 11));
    receiver.script("/slow", [Answer::Status(500), Answer::Status(200)]);
    scene.world.pump_queue(SLOW).await;
    assert_eq!((count(&scene, RETRIES), count(&scene, SLOW)), (1, 1));
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &events[0]).await.state, DeliveryState::Delivered);
    assert_eq!(count(&scene, RETRIES) + count(&scene, SLOW), 0);
}

#[tokio::test]
async fn a_receiver_stays_in_the_slow_queue_while_its_jobs_pile_up_there_and_leaves_it_when_it_is_quick() {
    // Time in the slow queue, time of the attempt, and whether the webhook counts as slow after that.
    for (waited_ms, took_ms, is_slow) in [(1_100, 600, true), (900, 600, false), (1_100, 400, false)] {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        ten_hung(&scene, &receiver, 1_100).await;
        accept(&scene, scene.tenant, 1, "more").await;
        scene.world.pump_queue(DELIVERIES).await;
        assert_eq!(count(&scene, SLOW), 1);
        // The note lasts two minutes, and is written anew in its last minute.
        let sent_at = scene.world.aws.sqs.take(SLOW, |_| true).pop().unwrap();
        wait(&scene, 110_000);
        scene.world.aws.sqs.put(SLOW, &sent_at.body);
        wait(&scene, waited_ms);
        let reached = receiver.received("/slow").len();
        let hang = async {
            receiver.reached("/slow", reached + 1).await;
            scene.world.pass(Duration::from_millis(took_ms)).await;
            scene.world.pass(Duration::from_millis(u64::from(JUST_QUICK_ENOUGH_MS) - took_ms)).await;
        };
        if took_ms < 500 {
            receiver.script("/slow", [Answer::Status(200)]);
            scene.world.pump_queue(SLOW).await;
        } else {
            tokio::join!(scene.world.pump_queue(SLOW), hang);
        }
        wait(&scene, 20_000);
        let newcomer = scene.world.another_deliver(|_| ()).unwrap();
        receiver.script("/slow", [Answer::Status(200)]);
        accept(&scene, scene.tenant, 1, "after that").await;
        scene.world.pump_queue_with(DELIVERIES, &newcomer).await;
        assert_eq!(count(&scene, SLOW), usize::from(is_slow), "{waited_ms} ms, {took_ms} ms");
    }
}

/// From the retries queue it would go to the slow queue once more, would miss its slot there, and would never be
/// attempted.
#[tokio::test]
async fn a_job_of_the_slow_queue_waits_for_its_slot_there() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/slow", [Answer::Hang]);
    let limited = |webhook| Webhook { rate_limit: RateLimit::new(1), ..just_quick_enough(webhook) };
    let webhook = scene.webhook_with(&receiver.url("/slow"), limited).await;
    let events = accept(&scene, scene.tenant, 3, "a").await;
    for message in scene.world.aws.sqs.take(DELIVERIES, |_| true) {
        scene.world.aws.sqs.put(SLOW, &message.body);
    }
    receiver.script("/slow", [Answer::Status(200)]);
    scene.world.pump_queue(SLOW).await;
    assert_eq!((receiver.received("/slow").len(), count(&scene, SLOW), count(&scene, RETRIES)), (1, 2, 0));
    wait(&scene, 3_000);
    scene.world.pump_queue(SLOW).await;
    for event in &events {
        assert_eq!(scene.row(&webhook, event).await.state, DeliveryState::Delivered);
    }
}

/// The job is sent, then the received message is deleted. After a crash between the two there are two copies.
#[tokio::test]
async fn a_job_whose_send_to_the_slow_queue_is_not_confirmed_is_kept_and_attempted_once() {
    for how in [Break::Before, Break::After] {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        let webhook = ten_hung(&scene, &receiver, 1_100).await;
        let events = accept(&scene, scene.tenant, 1, "more").await;
        scene.world.aws.break_at("SQS.SendMessageBatch", 0, how);
        scene.world.pump_queue(DELIVERIES).await;
        assert!(!scene.world.aws.call_off_break(), "{how:?}");
        assert_eq!(count(&scene, DELIVERIES), 1, "{how:?}: deleted without a copy");
        receiver.script("/slow", [Answer::Status(200)]);
        scene.world.run_until_idle().await.unwrap();
        let row = scene.row(&webhook, &events[0]).await;
        assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, 1), "{how:?}");
    }
}

#[tokio::test]
async fn the_probe_of_a_slow_receiver_goes_through_the_slow_queue() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/slow", [Answer::Hang]);
    let breaker = BreakerSettings { failures: 1, window_seconds: 0, disable_after_hours: 72 };
    let hanging = |webhook| Webhook { timeout_ms: 2_500, breaker, ..webhook };
    let webhook = scene.webhook_with(&receiver.url("/slow"), hanging).await;
    let events = accept(&scene, scene.tenant, 1, "a").await;
    let hang = async {
        receiver.reached("/slow", 1).await;
        scene.world.pass(SLOW_ATTEMPT).await;
        scene.world.pass(Duration::from_millis(500)).await;
    };
    tokio::join!(scene.world.pump_queue(DELIVERIES), hang);
    // The breaker is open, and the probe is due. It would hang in an invocation that fresh jobs wait for.
    wait(&scene, 40_000);
    receiver.script("/slow", [Answer::Status(200)]);
    assert_eq!(scene.world.pump_queue(DELIVERIES).await, 1);
    assert_eq!((receiver.received("/slow").len(), count(&scene, SLOW)), (1, 1));
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &events[0]).await.state, DeliveryState::Delivered);
}
