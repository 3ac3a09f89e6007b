//! Where a job is while it waits for its next attempt.

use jiff::{SignedDuration, Timestamp};
use shared::breaker::BreakerSettings;
use shared::delivery::{DeadReason, Delivery, DeliveryState};
use shared::retry::{Delays, MAX_DELAY_SECONDS, RetryPolicy};
use shared::webhook::Webhook;
use support::world::{DELIVERIES, RETRIES};
use support::{Answer, Receiver};

use crate::Scene;

/// SQS allows a queue 120,000 messages in flight: messages that were received and not deleted, which includes hidden
/// ones. Delayed messages are not in flight. So no attempts are needed to show that the deliveries that fail before
/// their breaker may open do not use up this number.
#[tokio::test]
async fn short_waits_are_delayed_messages_and_only_long_ones_are_in_flight() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500)]);
    let retry_policy = RetryPolicy::Custom(Delays::new(&[5, 300, 900, 1_800]).unwrap());
    let breaker = BreakerSettings { failures: 1_000, ..BreakerSettings::default() };
    scene.webhook_with(&receiver.url("/hook"), |webhook| Webhook { retry_policy, breaker, ..webhook }).await;
    scene.accept("a").await;
    scene.world.pump_stream().await.unwrap();
    scene.world.pump_queue(DELIVERIES).await;
    let mut in_flight = Vec::new();
    for wait in [5, 300, 900, 1_800] {
        let waiting = scene.world.aws.sqs.messages(RETRIES);
        assert_eq!(waiting.len(), 1);
        let until = waiting[0].visible_at.duration_since(scene.world.clock.now());
        // The wait is the delay with a jitter of a tenth, less the time that has passed.
        assert!(until <= SignedDuration::from_secs(wait * 11 / 10 + 1), "{until}");
        in_flight.push(waiting[0].receives > 0);
        scene.world.clock.advance(SignedDuration::from_secs(wait * 11 / 10 + 1));
        // A message whose delay was shorter than its wait comes back early, and waits again.
        while receiver.count() <= in_flight.len() {
            scene.world.clock.advance(SignedDuration::from_secs(100));
            scene.world.pump_queue(RETRIES).await;
        }
    }
    // Jitter decides whether the wait of 900 s is within SQS's maximum delay.
    assert_eq!((in_flight[0], in_flight[1], in_flight[3]), (false, false, true));
}

/// If a webhook fails more often than its breaker needs to know, not every failure costs a write.
#[tokio::test]
async fn failures_beyond_what_the_breaker_needs_write_nothing_but_their_own_rows() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500)]);
    scene.webhook_with(&receiver.url("/hook"), |webhook| webhook).await;
    for number in 0..100 {
        scene.accept(&number.to_string()).await;
    }
    scene.world.pump_stream().await.unwrap();
    scene.world.aws.take_calls();
    while scene.world.pump_queue(DELIVERIES).await > 0 {}
    let calls = scene.world.aws.take_calls();
    let count = |operation: &str, table: &str| {
        calls.iter().filter(|call| call.operation == operation && call.resource == table).count()
    };
    assert_eq!(count("DynamoDB.UpdateItem", "deliveries"), 100);
    // Attempts that were under way at the same time when enough failures were counted are counted, too.
    assert!(
        (20..30).contains(&count("DynamoDB.UpdateItem", "registry")),
        "{}",
        count("DynamoDB.UpdateItem", "registry")
    );
    // The webhook, its breaker, and the data key that opens its secret are read once.
    assert_eq!(count("DynamoDB.GetItem", "registry"), 3);
}

/// The row of a delivery after all its attempts. Its receiver answers each with 503 and this `Retry-After`.
async fn refused_to_the_end(retry_policy: RetryPolicy, retry_after: &str) -> Delivery {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/busy", [Answer::Full(503, vec![("retry-after", retry_after.to_owned())], Vec::new())]);
    let breaker = BreakerSettings { failures: 1_000, ..BreakerSettings::default() };
    let change = |webhook| Webhook { retry_policy, breaker, ..webhook };
    let webhook = scene.webhook_with(&receiver.url("/busy"), change).await;
    let event = scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    scene.row(&webhook, &event).await
}

/// SQS deletes a message after 14 days, and the message is the only thing that wakes its delivery.
#[tokio::test]
async fn no_delivery_is_lost_however_long_its_receiver_asks_to_wait() {
    let two_days = i64::from(MAX_DELAY_SECONDS);
    let longest = [two_days, two_days, two_days, two_days, two_days, two_days, two_days / 2];
    for policy in [
        RetryPolicy::Mailjet,
        RetryPolicy::Custom(Delays::new(&[3_600; 30]).unwrap()),
        RetryPolicy::Custom(Delays::new(&[37_440; 30]).unwrap()),
        RetryPolicy::Custom(Delays::new(&longest).unwrap()),
    ] {
        let delays: Vec<u32> = (1..).map_while(|attempt| policy.delay_after(attempt)).collect();
        let row = refused_to_the_end(policy.clone(), "1000000").await;
        assert_eq!(row.state, DeliveryState::Dead { reason: DeadReason::AttemptsExhausted }, "{policy:?}");
        assert_eq!(row.attempts.len(), delays.len() + 1, "{policy:?}");
        let lasted = row.attempts[row.attempts.len() - 1].at.duration_since(row.attempts[0].at);
        let end = SignedDuration::from_secs(delays.iter().map(|delay| i64::from(*delay)).sum());
        assert!(lasted <= end + SignedDuration::from_hours(24), "{policy:?}: {lasted:?}");
    }
}

/// A message may be old when a wait begins: it was in the queue while no function ran.
#[tokio::test]
async fn a_message_that_would_grow_too_old_is_sent_anew() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500), Answer::Status(500), Answer::Status(500), Answer::Status(200)]);
    let two_days = i64::from(MAX_DELAY_SECONDS);
    let retry_policy = RetryPolicy::Custom(Delays::new(&[3_600, two_days, two_days]).unwrap());
    let change = |webhook| Webhook { retry_policy, ..webhook };
    let webhook = scene.webhook_with(&receiver.url("/hook"), change).await;
    let event = scene.accept("a").await;
    scene.world.pump_stream().await.unwrap();
    scene.world.pump_queue(DELIVERIES).await;
    let sent_at = |scene: &Scene| -> Timestamp { scene.world.aws.sqs.messages(RETRIES)[0].sent_at };
    let first = sent_at(&scene);
    scene.world.clock.advance(SignedDuration::from_secs(900));
    scene.world.pump_queue(RETRIES).await;
    assert_eq!(sent_at(&scene), first, "the rest of an hour: hidden");
    scene.world.clock.advance(SignedDuration::from_hours(11 * 24));
    scene.world.pump_queue(RETRIES).await;
    assert_eq!(receiver.count(), 2);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered);
}
