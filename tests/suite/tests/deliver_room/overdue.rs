//! No silent end: what waits and has lost its message goes on, and what is held for as long as the retention ends as
//! dead, before its row or its event is gone.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use shared::delivery::{DeadReason, Delivery, DeliveryState, StateKind};
use shared::event::{Event, EventType};
use shared::queue::job::{Job, Sweep};
use shared::rate_limit::{Claim, RateLimit};
use shared::store::day;
use shared::store::deliveries::HeldOrDeadOrder;
use shared::webhook::{DisabledReason, Webhook, WebhookStatus};
use support::world::{DEAD_LETTER, DELIVERIES, RETRIES};
use support::{Answer, Break, Call};

use crate::{Scene, failing};

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// The retention of the test's world.
const RETENTION: SignedDuration = SignedDuration::from_hours(30 * 24);
const DEAD: DeliveryState = DeliveryState::Dead { reason: DeadReason::EventExpired };

fn disabled(webhook: Webhook) -> Webhook {
    Webhook { status: WebhookStatus::Disabled { reason: DisabledReason::Requested }, ..webhook }
}

impl Scene {
    /// The hourly sweep, and everything that follows from it at once.
    async fn sweep(&self) {
        self.world.aws.sqs.put(DELIVERIES, &Job::Sweep(Sweep::default()).to_json());
        while self.world.pump_queue(DELIVERIES).await > 0 {}
    }

    /// When DynamoDB deletes a row.
    async fn ttl(&self, table: &str, owner: &str, event: &Event) -> Option<Timestamp> {
        let dynamo = aws_sdk_dynamodb::Client::new(&self.world.sdk);
        for shard in 0..8 {
            let pk = format!("{owner}#{}#{shard}", day(event.id.time()));
            let key = [("pk", pk), ("sk", event.id.to_string())];
            let key: HashMap<_, _> =
                key.into_iter().map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).collect();
            let row = dynamo.get_item().table_name(table).set_key(Some(key)).send().await.unwrap().item;
            if let Some(row) = row {
                let ttl = row.get("ttl").and_then(|ttl| ttl.as_n().ok()).map(|ttl| ttl.parse().unwrap());
                return ttl.map(|ttl| Timestamp::from_second(ttl).unwrap());
            }
        }
        panic!("no row of {table}");
    }

    async fn in_index(&self, webhook: &Webhook, state: StateKind) -> usize {
        let order = HeldOrDeadOrder::OldestFirst;
        let page = self.world.deliveries.list_stuck(self.tenant, webhook.id, state, order, None, 100).await.unwrap();
        page.items.len()
    }

    /// The operational events of a type.
    fn told(&self, event_type: EventType) -> usize {
        let rows = self.world.event_rows().unwrap();
        let events = rows.iter().filter_map(|row| shared::store::events::event_in_row(row).ok());
        events.filter(|event| event.facts.event_type == event_type).count()
    }
}

fn numbers(row: &Delivery) -> Vec<(u32, u32)> {
    row.attempts.iter().map(|attempt| (attempt.round, attempt.number)).collect()
}

#[tokio::test]
async fn a_delivery_whose_message_was_lost_goes_on_where_it_was_in_its_schedule() {
    let (scene, receiver, webhook) =
        Scene::with_hook([Answer::Status(500), Answer::Status(500), Answer::Status(200)], failing(&[7_200, 5])).await;
    let event = scene.begun("a").await;
    assert_eq!(scene.world.aws.sqs.take(RETRIES, |_| true).len(), 1);
    let DeliveryState::Waiting { next_attempt_at } = scene.row(&webhook, &event).await.state else { panic!("waits") };

    // It is due, but not overdue.
    scene
        .world
        .clock
        .advance(next_attempt_at.duration_since(scene.world.clock.now()) + HOUR - SignedDuration::from_secs(1));
    scene.sweep().await;
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 1);

    scene.world.clock.advance(SignedDuration::from_secs(1));
    scene.sweep().await;
    assert_eq!(receiver.count(), 1);
    scene.world.run_until_idle().await.unwrap();
    let row = scene.row(&webhook, &event).await;
    assert_eq!(row.state, DeliveryState::Delivered);
    assert_eq!(numbers(&row), [(0, 1), (1, 2), (1, 3)]);
}

#[tokio::test]
async fn a_message_that_was_not_lost_after_all_is_obsolete_and_nothing_is_attempted_twice() {
    let (scene, receiver, webhook) =
        Scene::with_hook([Answer::Status(500), Answer::Status(200)], failing(&[7_200, 7_200])).await;
    let event = scene.begun("a").await;
    // No function runs for a day. Then the sweep comes before the message.
    scene.world.clock.advance(DAY);
    scene.sweep().await;
    scene.sweep().await;
    assert_eq!(scene.row(&webhook, &event).await.round, 1, "once woken, it is not overdue");
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered);
    assert_eq!(receiver.count(), 2);
}

#[tokio::test]
async fn only_long_waits_are_in_the_index_and_only_while_they_last() {
    let (scene, receiver, webhook) =
        Scene::with_hook([Answer::Status(500), Answer::Status(500), Answer::Status(200)], failing(&[700, 7_200])).await;
    scene.begun("a").await;
    assert_eq!(scene.in_index(&webhook, StateKind::Waiting).await, 0);
    while receiver.count() < 2 {
        scene.world.clock.advance(SignedDuration::from_secs(60));
        scene.world.pump_queue(RETRIES).await;
    }
    assert_eq!(scene.in_index(&webhook, StateKind::Waiting).await, 1);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.in_index(&webhook, StateKind::Waiting).await, 0);
}

/// A job that waits in the line of a rate limit is late, but its message is there.
#[tokio::test]
async fn what_waits_in_the_line_of_a_rate_limit_is_not_overdue() {
    let limit = RateLimit::new(1).unwrap();
    let change = failing(&[7_200]);
    let change = |webhook| Webhook { rate_limit: Some(limit), ..change(webhook) };
    let (scene, _receiver, webhook) = Scene::with_hook([Answer::Status(500), Answer::Status(200)], change).await;
    let event = scene.begun("a").await;
    scene.world.aws.sqs.take(RETRIES, |_| true);
    scene.world.clock.advance(SignedDuration::from_hours(4));
    // Other deliveries of the webhook have claimed the slots of the next two hours.
    let claim = Claim { limit, revision: webhook.revision, count: 7_200, now: scene.world.clock.now() };
    scene.world.registry.rate_limits.claim_slots(scene.tenant, webhook.id, &claim).await.unwrap();
    scene.sweep().await;
    assert_eq!(scene.row(&webhook, &event).await.round, 0);
    scene.world.clock.advance(SignedDuration::from_hours(3));
    scene.sweep().await;
    assert_eq!(scene.row(&webhook, &event).await.round, 1);
}

#[tokio::test]
async fn what_is_held_for_as_long_as_the_retention_ends_as_dead_with_its_event_and_its_letter() {
    let (scene, receiver, webhook) = Scene::with_hook([Answer::Status(200)], disabled).await;
    let (first, second) = (scene.begun("first").await, {
        scene.world.clock.advance(DAY);
        scene.begun("second").await
    });
    assert_eq!(scene.ttl("deliveries", &webhook.id.to_string(), &first).await, None);
    assert!(scene.ttl("events", &scene.tenant.to_string(), &first).await.unwrap() > first.accepted_at + RETENTION);

    scene.world.clock.advance(RETENTION - DAY - SignedDuration::from_secs(1));
    scene.sweep().await;
    assert_eq!(scene.row(&webhook, &first).await.state, DeliveryState::Held);

    scene.world.clock.advance(SignedDuration::from_secs(1));
    scene.sweep().await;
    assert_eq!(scene.row(&webhook, &first).await.state, DEAD);
    assert_eq!(scene.row(&webhook, &second).await.state, DeliveryState::Held);
    assert!(scene.ttl("deliveries", &webhook.id.to_string(), &first).await.is_some());
    let letters = scene.world.aws.sqs.messages(DEAD_LETTER);
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].attributes["reason"], "event_expired");
    assert_eq!(scene.told(EventType::DeliveryDead), 1);
    // Another sweep finds nothing new.
    scene.sweep().await;
    assert_eq!((scene.world.aws.sqs.messages(DEAD_LETTER).len(), receiver.count()), (1, 0));
}

/// The webhook takes attempts again, and the job that should end the delivery finds that.
#[tokio::test]
async fn what_was_held_too_long_is_delivered_if_its_webhook_takes_attempts_by_then() {
    let (scene, _receiver, webhook) = Scene::with_hook([Answer::Status(200)], disabled).await;
    let event = scene.begun("a").await;
    scene.world.clock.advance(RETENTION);
    scene.world.aws.sqs.put(DELIVERIES, &Job::Sweep(Sweep::default()).to_json());
    scene.world.pump_queue(DELIVERIES).await;
    scene.world.pump_queue(DELIVERIES).await;
    let enabled = Webhook { status: WebhookStatus::Enabled, ..webhook.clone() };
    scene.world.registry.webhook_writer.replace(&enabled, None).await.unwrap();
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered);
    assert!(scene.world.aws.sqs.messages(DEAD_LETTER).is_empty());
}

/// In an ordinary outage, holding a delivery writes its row and nothing else. Late in the event's life, the event is
/// kept longer.
#[tokio::test]
async fn an_event_is_kept_for_as_long_as_its_delivery_is_owed() {
    let (scene, receiver, webhook) = Scene::with_hook([Answer::Status(500)], failing(&[172_800, 172_800])).await;
    let off = scene.webhook_with(&receiver.url("/off"), disabled).await;
    scene.world.aws.take_calls();
    let event = scene.begun("a").await;
    let updates = |calls: &[Call]| {
        calls.iter().filter(|call| call.operation == "DynamoDB.UpdateItem" && call.resource == "events").count()
    };
    assert_eq!(updates(&scene.world.aws.take_calls()), 0);
    assert_eq!(scene.row(&off, &event).await.state, DeliveryState::Held);

    // The webhook is disabled while its delivery waits for two days.
    let stored = scene.world.registry.webhooks.get(scene.tenant, webhook.id).await.unwrap().unwrap();
    scene.world.registry.webhook_writer.replace(&disabled(stored), None).await.unwrap();
    scene.world.run_until_idle().await.unwrap();
    let row = scene.row(&webhook, &event).await;
    assert_eq!(row.state, DeliveryState::Held);
    let ttl = scene.ttl("events", &scene.tenant.to_string(), &event).await.unwrap();
    assert!(ttl >= row.updated_at + RETENTION, "{ttl}");
    assert_eq!(updates(&scene.world.aws.take_calls()), 1);
}

/// Every call of the sweep and of the jobs that it sends fails once before and once after it took effect.
#[tokio::test]
async fn nothing_is_lost_whichever_call_fails_while_overdue_deliveries_are_woken_and_ended() {
    for how in [Break::Before, Break::After] {
        for calls_before in 0.. {
            let (scene, receiver, lost) =
                Scene::with_hook([Answer::Status(500), Answer::Status(200)], failing(&[7_200])).await;
            let off = scene.webhook_with(&receiver.url("/off"), disabled).await;
            let event = scene.begun("a").await;
            scene.world.aws.sqs.take(RETRIES, |_| true);
            scene.world.clock.advance(RETENTION + DAY);
            scene.world.aws.break_call(calls_before, how);
            scene.sweep().await;
            let was_hit = !scene.world.aws.call_off_break();
            // Sweeps come every hour. A row that was woken by a broken call is overdue an hour after it is due.
            scene.world.run_until_idle().await.unwrap();
            for _ in 0..3 {
                let states = [scene.row(&lost, &event).await.state, scene.row(&off, &event).await.state];
                if states == [DeliveryState::Delivered, DEAD] {
                    break;
                }
                scene.world.clock.advance(HOUR);
                scene.sweep().await;
                scene.world.run_until_idle().await.unwrap();
            }
            let what = format!("call {calls_before} failed {how:?}");
            assert_eq!(scene.row(&lost, &event).await.state, DeliveryState::Delivered, "{what}");
            assert_eq!(receiver.received("/hook").len(), 2, "{what}");
            assert_eq!(scene.row(&off, &event).await.state, DEAD, "{what}");
            let letters = scene.world.aws.sqs.messages(DEAD_LETTER);
            assert!(letters.iter().any(|letter| letter.attributes["webhook"] == off.id.to_string()), "{what}");
            if !was_hit {
                assert!(calls_before > 20, "{what}");
                break;
            }
        }
    }
}

/// The rows of the others are in their next round already. Without jobs they would wait for another sweep.
#[tokio::test]
async fn a_delivery_that_cannot_be_written_keeps_no_other_asleep_that_was_woken_with_it() {
    const EVENTS: usize = 5;
    let (scene, receiver, _webhook) = Scene::with_hook([Answer::Status(500)], failing(&[7_200])).await;
    for number in 0..EVENTS {
        scene.begun(&number.to_string()).await;
    }
    receiver.script("/hook", [Answer::Status(200)]);
    assert_eq!(scene.world.aws.sqs.take(RETRIES, |_| true).len(), EVENTS);
    scene.world.clock.advance(DAY);
    // First the events are kept for longer, then the rows are written.
    scene.world.aws.break_at("DynamoDB.UpdateItem", EVENTS, Break::Before);
    scene.sweep().await;
    assert!(!scene.world.aws.call_off_break());
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), EVENTS + EVENTS - 1, "without another sweep");
    scene.sweep().await;
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 2 * EVENTS);
}

/// A page has 500 deliveries of each kind.
#[tokio::test]
async fn what_was_held_too_long_gets_one_job_however_many_pages_of_waiting_ones_there_are() {
    let (scene, _receiver, webhook) = Scene::with_hook([Answer::Status(500)], failing(&[7_200])).await;
    for number in 0..501 {
        scene.accept(&number.to_string()).await;
    }
    while scene.world.pump_stream().await.unwrap() > 0 {}
    while scene.world.pump_queue(DELIVERIES).await > 0 {}
    assert_eq!(scene.world.aws.sqs.take(RETRIES, |_| true).len(), 501);
    let stored = scene.world.registry.webhooks.get(scene.tenant, webhook.id).await.unwrap().unwrap();
    scene.world.registry.webhook_writer.replace(&disabled(stored), None).await.unwrap();
    scene.world.clock.advance(HOUR);
    let held = scene.begun("held").await;
    scene.world.clock.advance(RETENTION);

    scene.world.aws.sqs.put(DELIVERIES, &Job::Sweep(Sweep::default()).to_json());
    let mut jobs = 0;
    for _ in 0..5 {
        scene.world.pump_queue(DELIVERIES).await;
        // The queue has a backlog: the jobs of deliveries are not received for a while.
        let taken = scene.world.aws.sqs.take(DELIVERIES, |message| message.body.contains(r#""kind":"deliver""#));
        jobs += taken.iter().filter(|message| message.body.contains(&held.id.to_string())).count();
        scene.world.clock.advance(SignedDuration::from_secs(5));
    }
    assert_eq!(jobs, 1);
}
