//! Where a job is while it waits for its next attempt.

use jiff::{SignedDuration, Timestamp};
use shared::breaker::BreakerSettings;
use shared::delivery::{DeadReason, Delivery, DeliveryState};
use shared::retry::{Delays, MAX_DELAY_SECONDS, RetryPolicy};
use shared::webhook::Webhook;
use support::world::{DELIVERIES, RETRIES};
use support::{Answer, Receiver};

use crate::{Scene, failing};

/// To hide a message is one call, to send it anew and to delete it are two.
#[tokio::test]
async fn waits_in_the_retries_queue_are_hidden_messages_short_ones_too() {
    let (scene, receiver, _webhook) = Scene::with_hook([Answer::Status(500)], failing(&[5, 300, 1_800, 172_800])).await;
    scene.begun("a").await;
    let waiting = |scene: &Scene| scene.world.aws.sqs.messages(RETRIES).pop().unwrap();
    assert_eq!(waiting(&scene).receives, 0, "it comes from the other queue, as a new message");
    let first = waiting(&scene).id;
    scene.world.aws.take_calls();
    for attempts in 2..=4 {
        while receiver.count() < attempts {
            let due = waiting(&scene).visible_at;
            scene.world.clock.advance(due.duration_since(scene.world.clock.now()));
            scene.world.pump_queue(RETRIES).await;
        }
        assert_eq!(waiting(&scene).id, first);
    }
    let calls = scene.world.aws.take_calls();
    let count = |operation: &str| calls.iter().filter(|call| call.operation == operation).count();
    assert_eq!((count("SQS.SendMessageBatch"), count("SQS.ChangeMessageVisibilityBatch")), (0, 3));
    assert!(count("SQS.GetQueueAttributes") <= 3, "one look in ten minutes");
}

/// A chain of delayed messages ends in time, and no message of it grows old.
#[tokio::test]
async fn when_a_quarter_of_the_limit_is_in_flight_waits_are_chains_of_delayed_messages() {
    let (scene, _receiver, webhook) =
        Scene::with_hook([Answer::Status(500), Answer::Status(500), Answer::Status(200)], failing(&[5, 86_400])).await;
    let event = scene.accept("a").await;
    scene.world.aws.sqs.pretend_in_flight(30_000);
    scene.world.pump_stream().await.unwrap();
    scene.world.pump_queue(DELIVERIES).await;
    while scene.row(&webhook, &event).await.state != DeliveryState::Delivered {
        let waiting = scene.world.aws.sqs.messages(RETRIES).pop().unwrap();
        assert_eq!(waiting.receives, 0);
        assert!(waiting.visible_at.duration_since(waiting.sent_at) <= SignedDuration::from_secs(900));
        scene.world.clock.advance(waiting.visible_at.duration_since(scene.world.clock.now()));
        scene.world.pump_queue(RETRIES).await;
    }
    let attempts = scene.row(&webhook, &event).await.attempts;
    let wait = attempts[2].at.duration_since(attempts[1].at).as_secs();
    assert!((86_400 * 9 / 10..=86_400 * 11 / 10 + 5).contains(&wait), "{wait}");
}

/// SQS does not tell the number: then a delayed message is never wrong.
#[tokio::test]
async fn without_the_number_in_flight_nothing_is_hidden_and_nothing_is_lost() {
    let (scene, receiver, webhook) =
        Scene::with_hook([Answer::Status(500), Answer::Status(500), Answer::Status(200)], failing(&[5, 300])).await;
    let event = scene.begun("a").await;
    scene.world.aws.sqs.refuse_attributes();
    let due = scene.world.aws.sqs.messages(RETRIES)[0].visible_at;
    scene.world.clock.advance(due.duration_since(scene.world.clock.now()));
    scene.world.pump_queue(RETRIES).await;
    assert_eq!((receiver.count(), scene.world.aws.sqs.messages(RETRIES)[0].receives), (2, 0));
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered);
}

/// One tenant's settings keep as many messages waiting as it likes. They are not in flight, so that the retries of
/// another tenant are on time.
#[tokio::test]
async fn no_tenant_fills_the_messages_in_flight_and_the_retries_of_others_are_on_time() {
    const WEBHOOKS: usize = 20;
    const EVENTS: usize = 50;
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/down", [Answer::Status(500)]);
    receiver.script("/bystander", [Answer::Status(500), Answer::Status(200)]);
    for _ in 0..WEBHOOKS {
        scene.webhook_with(&receiver.url("/down"), failing(&[0, 172_800, 172_800])).await;
    }
    for number in 0..EVENTS {
        scene.accept(&number.to_string()).await;
    }
    // Other functions have hidden nearly as many as may be hidden.
    scene.world.aws.sqs.pretend_in_flight(29_980);
    scene.world.pump_stream().await.unwrap();
    while scene.world.pump_queue(DELIVERIES).await + scene.world.pump_queue(RETRIES).await > 0 {
        scene.world.clock.advance(SignedDuration::from_secs(1));
    }
    assert_eq!(receiver.received("/down").len(), 2 * WEBHOOKS * EVENTS);
    let in_flight = scene.world.aws.sqs.in_flight(RETRIES);
    assert!((30_000..=30_050).contains(&in_flight), "{in_flight}");
    assert_eq!(scene.world.aws.sqs.messages(RETRIES).len(), WEBHOOKS * EVENTS);

    let other = scene.world.tenant().await.unwrap();
    let change = failing(&[60]);
    let webhook = scene.world.webhook_with(other, &receiver.url("/bystander"), change).await.unwrap();
    let event = scene.world.event(other, "bystander");
    scene.world.events.put(&event).await.unwrap();
    scene.world.pump_stream().await.unwrap();
    while receiver.received("/bystander").len() < 2 {
        while scene.world.pump_queue(DELIVERIES).await + scene.world.pump_queue(RETRIES).await > 0 {}
        scene.world.clock.advance(SignedDuration::from_secs(1));
    }
    let row = scene.world.deliveries.get(other, webhook.id, event.id).await.unwrap().unwrap();
    let late = row.attempts[1].at.duration_since(row.attempts[0].at);
    assert!(late <= SignedDuration::from_secs(67), "{late}");
}

/// If a webhook fails more often than its breaker needs to know, not every failure costs a write.
#[tokio::test]
async fn failures_beyond_what_the_breaker_needs_write_nothing_but_their_own_rows() {
    let (scene, _receiver, _webhook) = Scene::with_hook([Answer::Status(500)], |webhook| webhook).await;
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
    // The webhook, its breaker, its tenant and the data key that opens its secret are read once.
    assert_eq!(count("DynamoDB.GetItem", "registry"), 4);
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
    let two_days = i64::from(MAX_DELAY_SECONDS);
    let retry_policy = RetryPolicy::Custom(Delays::new(&[3_600, two_days, two_days]).unwrap());
    let change = |webhook| Webhook { retry_policy, ..webhook };
    let (scene, receiver, webhook) =
        Scene::with_hook([Answer::Status(500), Answer::Status(500), Answer::Status(500), Answer::Status(200)], change)
            .await;
    let event = scene.begun("a").await;
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
