//! A webhook's rate limit, across all functions that deliver to the webhook.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use shared::delivery::{Attempt, DeliveryState};
use shared::event::Event;
use shared::rate_limit::{Claim, RateLimit};
use shared::retry::{Delays, RetryPolicy};
use shared::webhook::Webhook;
use support::world::{DELIVERIES, RETRIES};
use support::{Answer, Break, Receiver, World};

use crate::Scene;

fn limit(per_second: u32) -> RateLimit {
    RateLimit::new(per_second).unwrap()
}

fn limited_to(per_second: u32) -> impl FnOnce(Webhook) -> Webhook {
    move |webhook| Webhook { rate_limit: Some(limit(per_second)), ..webhook }
}

async fn accept_many(scene: &Scene, count: usize) -> Vec<Event> {
    let mut events = Vec::new();
    for number in 0..count {
        events.push(scene.accept(&number.to_string()).await);
    }
    events
}

/// The next free slot in the table.
fn next_slot(world: &World) -> Option<i64> {
    let rows = world.aws.scan_unbroken("registry").unwrap();
    let text = |row: &HashMap<String, AttributeValue>, name: &str| match row.get(name) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => text.clone(),
        _ => String::new(),
    };
    rows.iter().find(|row| text(row, "sk").starts_with("L#")).map(|row| text(row, "next_slot").parse().unwrap())
}

/// All attempts of these deliveries, in the order of time; every delivery is delivered.
async fn attempts(scene: &Scene, webhook: &Webhook, events: &[Event]) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for event in events {
        let row = scene.row(webhook, event).await;
        assert_eq!(row.state, DeliveryState::Delivered);
        attempts.extend(row.attempts);
    }
    attempts.sort_by_key(|attempt| attempt.at);
    attempts
}

/// Maximum POSTs until now: the slots of every second that the clock has been in.
fn most_until_now(scene: &Scene, begun: Timestamp, per_second: i64) -> usize {
    usize::try_from((scene.world.clock.now().as_second() - begun.as_second() + 1) * per_second).unwrap()
}

/// Checks that no attempt was earlier than a slot of its own, with `per_second` slots in each second from `begun` on.
fn assert_paced(attempts: &[Attempt], begun: Timestamp, per_second: usize) {
    for (number, attempt) in attempts.iter().enumerate() {
        let second = begun.as_second() + i64::try_from(number / per_second).unwrap();
        assert!(attempt.at.as_second() >= second, "attempt {number} at {}, from {begun}", attempt.at);
    }
}

#[tokio::test]
async fn holds_over_concurrent_functions_and_waiting_is_no_attempt() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.webhook_with(&receiver.url("/hook"), limited_to(3)).await;
    let rooms: Vec<_> = (0..4).map(|_| scene.world.another_deliver(|_| {}).unwrap()).collect();
    let events = accept_many(&scene, 40).await;
    scene.world.pump_stream().await.unwrap();
    let begun = scene.world.clock.now();

    assert_eq!(join_all(rooms.iter().map(|room| scene.world.pump_queue_with(DELIVERIES, room))).await, [10; 4]);
    let waiting = scene.world.aws.sqs.messages(RETRIES);
    assert!(40 - waiting.len() <= most_until_now(&scene, begun, 3), "{} wait", waiting.len());
    // The messages are delayed and not hidden: messages that were never received are not in flight. No rows are written
    // for them.
    assert!(waiting.iter().all(|message| message.receives == 0 && message.visible_at > begun));
    assert_eq!(scene.world.aws.scan_unbroken("deliveries").unwrap().len(), 40 - waiting.len());

    while let Some(next) = scene.world.aws.sqs.next_visible(RETRIES) {
        scene.world.clock.advance(next.duration_since(scene.world.clock.now()).max(SignedDuration::ZERO));
        join_all(rooms.iter().map(|room| scene.world.pump_queue_with(RETRIES, room))).await;
    }
    let attempts = attempts(&scene, &webhook, &events).await;
    assert!(attempts.iter().all(|attempt| attempt.number == 1));
    assert_eq!((attempts.len(), receiver.count()), (40, 40));
    assert_paced(&attempts, begun, 3);
    // There is a slot for each POST, and few slots are unused.
    let claimed = next_slot(&scene.world).unwrap() - limit(3).first_slot(begun);
    assert!(claimed >= 40, "{claimed} slots from {begun}");
    let taken = attempts[39].at.duration_since(begun).as_secs();
    assert!((12..=60).contains(&taken), "{taken} s for 40 at 3 a second");
}

#[tokio::test]
async fn claims_at_the_same_moment_never_get_the_same_slots() {
    let scene = Scene::start().await;
    let webhook = scene.webhook_with("https://example.com/", limited_to(7)).await;
    let now = scene.world.clock.now();
    let claims = (0..60_u32).map(|number| {
        // The clocks of functions differ a little.
        let now = now + SignedDuration::from_millis(i64::from(number % 7) * 300);
        let claim = Claim { limit: limit(7), revision: 1, count: number % 10 + 1, now };
        let (registry, tenant, id) = (scene.world.another_registry(), scene.tenant, webhook.id);
        async move { registry.rate_limits.claim_slots(tenant, id, &claim).await.unwrap().times().collect::<Vec<_>>() }
    });
    let mut taken = BTreeMap::new();
    for second in join_all(claims).await.into_iter().flatten() {
        *taken.entry(second).or_insert(0) += 1;
    }
    assert_eq!(taken.values().sum::<u32>(), 330);
    assert!(taken.values().all(|count| *count <= 7), "{taken:?}");
}

#[tokio::test]
async fn below_its_limit_a_webhook_gets_everything_at_once() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    scene.webhook_with(&receiver.url("/hook"), limited_to(1_000)).await;
    accept_many(&scene, 10).await;
    scene.world.pump_stream().await.unwrap();
    scene.world.aws.take_calls();
    scene.world.pump_queue(DELIVERIES).await;
    assert_eq!(receiver.received("/hook").len(), 10);
    // There is one claim for all ten deliveries.
    let claims = scene.world.aws.take_calls();
    let claims = claims.iter().filter(|call| call.operation == "DynamoDB.UpdateItem" && call.resource == "registry");
    assert_eq!(claims.count(), 1);
}

#[tokio::test]
async fn without_a_limit_nothing_is_claimed() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    scene.webhook_with(&receiver.url("/hook"), |webhook| webhook).await;
    accept_many(&scene, 10).await;
    scene.world.pump_stream().await.unwrap();
    scene.world.aws.take_calls();
    scene.world.pump_queue(DELIVERIES).await;
    let mut calls: Vec<_> = scene.world.aws.take_calls().into_iter().map(|call| call.operation).collect();
    calls.retain(|operation| !operation.starts_with("KMS."));
    calls.sort();
    // The webhook, its breaker, its tenant and the data key that opens its secret are read once. A row is written for
    // each delivery.
    assert_eq!(calls[..4], ["DynamoDB.GetItem"; 4]);
    assert_eq!(calls[4..], vec!["DynamoDB.UpdateItem"; 10]);
    assert_eq!(next_slot(&scene.world), None);
}

#[tokio::test]
async fn a_slot_further_away_than_sqs_delays_is_waited_for_without_another_claim_or_any_read() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.webhook_with(&receiver.url("/hook"), limited_to(1)).await;
    let now = scene.world.clock.now();
    let claim = Claim { limit: limit(1), revision: webhook.revision, count: 2_000, now };
    scene.world.registry.rate_limits.claim_slots(scene.tenant, webhook.id, &claim).await.unwrap();
    let event = scene.accept("a").await;
    scene.world.pump_stream().await.unwrap();
    scene.world.pump_queue(DELIVERIES).await;
    let claimed = next_slot(&scene.world);
    for hop in 1..=2 {
        scene.world.clock.advance(SignedDuration::from_secs(900));
        scene.world.aws.take_calls();
        assert_eq!(scene.world.pump_queue(RETRIES).await, 1);
        let calls: Vec<_> = scene.world.aws.take_calls().into_iter().collect();
        let others = calls.iter().filter(|call| call.resource != "registry" && !call.operation.starts_with("KMS."));
        let others: Vec<_> = others.map(|call| call.operation.as_str()).collect();
        assert_eq!(others, ["SQS.SendMessageBatch"], "hop {hop}: {calls:?}");
        assert_eq!(scene.world.aws.sqs.messages(RETRIES)[0].receives, 0, "hop {hop}: in flight");
    }
    assert!(receiver.received("/hook").is_empty());
    scene.world.run_until_idle().await.unwrap();
    let attempts = attempts(&scene, &webhook, &[event]).await;
    let waited = attempts[0].at.duration_since(now).as_secs();
    assert!((1_999..=2_003).contains(&waited), "{waited}");
    assert_eq!((attempts.len(), attempts[0].number), (1, 1));
    assert_eq!(next_slot(&scene.world), claimed);
}

#[tokio::test]
async fn every_attempt_has_a_slot_of_its_own() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500), Answer::Status(500), Answer::Status(500), Answer::Status(200)]);
    let webhook = scene.webhook_with(&receiver.url("/hook"), limited_to(1)).await;
    let begun = scene.world.clock.now();
    let events = accept_many(&scene, 2).await;
    scene.world.run_until_idle().await.unwrap();
    let attempts = attempts(&scene, &webhook, &events).await;
    assert_eq!(attempts.len(), 5);
    assert_paced(&attempts, begun, 1);
    for event in &events {
        let row = scene.row(&webhook, event).await;
        let numbers: Vec<_> = row.attempts.iter().map(|attempt| attempt.number).collect();
        assert_eq!(numbers, (1..=u32::try_from(numbers.len()).unwrap()).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_slot_that_was_waited_for_is_good_for_one_attempt() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500), Answer::Status(200)]);
    let url = receiver.url("/hook");
    let webhook = scene.webhook_with(&url, |webhook| {
        let retry_policy = RetryPolicy::Custom(Delays::new(&[0]).unwrap());
        limited_to(1)(Webhook { retry_policy, ..webhook })
    });
    let webhook = webhook.await;
    let now = scene.world.clock.now();
    let claim = Claim { limit: limit(1), revision: webhook.revision, count: 100, now };
    scene.world.registry.rate_limits.claim_slots(scene.tenant, webhook.id, &claim).await.unwrap();
    let before = next_slot(&scene.world).unwrap();
    let event = scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    // The second attempt is due at once, and the job still has the slot of the first attempt.
    assert_eq!(attempts(&scene, &webhook, &[event]).await.len(), 2);
    assert_eq!(next_slot(&scene.world).unwrap() - before, 2);
}

#[tokio::test]
async fn slots_that_were_missed_are_not_made_good_in_one_burst() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.webhook_with(&receiver.url("/hook"), limited_to(2)).await;
    let events = accept_many(&scene, 10).await;
    scene.world.pump_stream().await.unwrap();
    let begun = scene.world.clock.now();
    scene.world.pump_queue(DELIVERIES).await;
    let at_once = receiver.count();
    assert!(at_once <= most_until_now(&scene, begun, 2), "{at_once}");
    // No function ran for a minute.
    scene.world.clock.advance(SignedDuration::from_secs(60));
    let resumed = scene.world.clock.now();
    scene.world.pump_queue(RETRIES).await;
    assert!(receiver.count() - at_once <= most_until_now(&scene, resumed, 2), "{} after {at_once}", receiver.count());
    scene.world.run_until_idle().await.unwrap();
    let attempts = attempts(&scene, &webhook, &events).await;
    assert_eq!(attempts.len(), 10);
    let late: Vec<_> = attempts.into_iter().filter(|attempt| attempt.at >= resumed).collect();
    assert_paced(&late, resumed, 2);
}

/// Changes the limit while deliveries wait, and lets the caches notice.
async fn changed(from: u32, to: Option<u32>, count: usize) -> (Vec<Attempt>, Timestamp) {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.webhook_with(&receiver.url("/hook"), limited_to(from)).await;
    // The deliveries are in line behind others, so that none is sent before the caches know the new limit.
    let now = scene.world.clock.now();
    let claim = Claim { limit: limit(from), revision: webhook.revision, count: from * 100, now };
    scene.world.registry.rate_limits.claim_slots(scene.tenant, webhook.id, &claim).await.unwrap();
    let events = accept_many(&scene, count).await;
    scene.world.pump_stream().await.unwrap();
    for _ in 0..count.div_ceil(10) {
        scene.world.pump_queue(DELIVERIES).await;
    }
    assert_eq!(receiver.count(), 0);
    let webhook = Webhook { rate_limit: to.map(limit), ..webhook };
    scene.world.registry.webhook_writer.replace(&webhook, None).await.unwrap();
    scene.world.clock.advance(SignedDuration::from_secs(30)); // CACHE_SECONDS
    let in_force = scene.world.clock.now();
    scene.world.run_until_idle().await.unwrap();
    let attempts = attempts(&scene, &webhook, &events).await;
    assert_eq!((attempts.len(), receiver.count()), (count, count));
    (attempts, in_force)
}

#[tokio::test]
async fn a_lower_limit_is_in_force_for_those_in_line_too() {
    let (attempts, in_force) = Box::pin(changed(10, Some(2), 20)).await;
    assert_paced(&attempts, in_force, 2);
}

#[tokio::test]
async fn a_limit_that_is_taken_away_lets_those_in_line_go_when_they_look_next() {
    let (attempts, in_force) = Box::pin(changed(2, None, 20)).await;
    // The messages were delayed by a little more than 100 seconds.
    assert!(attempts.iter().all(|attempt| attempt.at.duration_since(in_force).as_secs() < 90));
}

#[tokio::test]
async fn a_function_that_does_not_know_of_the_change_yet_looks_again_instead_of_turning_it_back() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.webhook_with(&receiver.url("/hook"), limited_to(1)).await;
    let behind = scene.world.another_deliver(|_| {}).unwrap();
    let first = scene.accept("first").await;
    scene.world.pump_stream().await.unwrap();
    scene.world.pump_queue_with(DELIVERIES, &behind).await;
    scene
        .world
        .registry
        .webhook_writer
        .replace(&Webhook { rate_limit: Some(limit(100)), ..webhook.clone() }, None)
        .await
        .unwrap();
    let second = scene.accept("second").await;
    scene.world.pump_stream().await.unwrap();
    scene.world.pump_queue_with(DELIVERIES, &scene.world.another_deliver(|_| {}).unwrap()).await;
    let after_change = next_slot(&scene.world).unwrap();

    let third = scene.accept("third").await;
    scene.world.pump_stream().await.unwrap();
    scene.world.pump_queue_with(DELIVERIES, &behind).await;
    scene.world.clock.advance(SignedDuration::from_secs(2));
    scene.world.pump_queue_with(RETRIES, &behind).await;
    attempts(&scene, &webhook, &[first, second, third]).await;
    assert!(next_slot(&scene.world).unwrap() > after_change, "the line of the old limit is back");
}

/// Three deliveries with a limit of one per second. The first attempt fails.
async fn three(world: World) -> (Scene, Receiver, Webhook, Vec<Event>) {
    let tenant = world.tenant().await.unwrap();
    let scene = Scene { world, tenant };
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500), Answer::Status(200)]);
    let webhook = scene.webhook_with(&receiver.url("/hook"), limited_to(1)).await;
    let events = accept_many(&scene, 3).await;
    scene.world.pump_stream().await.unwrap();
    scene.world.aws.take_calls();
    (scene, receiver, webhook, events)
}

#[tokio::test]
async fn whichever_call_fails_before_or_after_its_effect_nothing_is_lost_and_the_limit_holds() {
    let (scene, ..) = Box::pin(three(World::start().await.unwrap())).await;
    scene.world.run_until_idle().await.unwrap();
    let calls = scene.world.aws.take_calls().len();
    assert!(calls > 10, "{calls}");
    for broken in 0..calls {
        for how in [Break::Before, Break::After] {
            let (scene, receiver, webhook, events) = Box::pin(three(World::start().await.unwrap())).await;
            let begun = scene.world.clock.now();
            scene.world.aws.break_call(broken, how);
            scene.world.run_until_idle().await.unwrap();
            // A run may have a call more or less, because seconds pass between the calls.
            scene.world.aws.call_off_break();
            let attempts = attempts(&scene, &webhook, &events).await;
            assert!(receiver.count() >= 4 && attempts.len() >= 3, "call {broken} {how:?}");
            assert_paced(&attempts, begun, 1);
        }
    }
}
