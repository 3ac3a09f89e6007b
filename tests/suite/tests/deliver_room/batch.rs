//! Several events in one POST, for webhooks whose dialect has arrays.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use serde_json::Value;
use shared::delivery::{DeadReason, DeliveryState};
use shared::dialect::Dialect;
use shared::event::Event;
use shared::queue::job::{DeliverJob, Job};
use shared::rate_limit::{Claim, RateLimit};
use shared::retry::{Delays, RetryPolicy};
use shared::unknown_fields::UnknownFields;
use shared::webhook::{Webhook, WebhookStatus};
use support::receiver::Received;
use support::world::{DEAD_LETTER, DELIVERIES, RETRIES};
use support::{Answer, Break, Receiver};

use crate::Scene;

/// A change of a webhook: its dialect has arrays, and a POST has up to this many events.
pub(crate) fn grouping(batch: u8) -> impl FnOnce(Webhook) -> Webhook {
    move |webhook| Webhook { dialect: Dialect::MailjetV2, batch, ..webhook }
}

async fn accept_many(scene: &Scene, count: usize) -> Vec<Event> {
    let mut events = Vec::new();
    for number in 0..count {
        events.push(scene.accept(&number.to_string()).await);
    }
    scene.world.pump_stream().await.unwrap();
    events
}

fn entries(post: &Received) -> Vec<Value> {
    serde_json::from_slice(&post.body).unwrap()
}

#[tokio::test]
async fn jobs_of_one_invocation_go_out_together_up_to_the_batch_size() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.webhook_with(&receiver.url("/hook"), grouping(4)).await;
    let events = accept_many(&scene, 10).await;
    scene.world.run_until_idle().await.unwrap();
    let posts = receiver.received("/hook");
    let mut sizes: Vec<_> = posts.iter().map(|post| entries(post).len()).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [2, 4, 4]);
    let ids: BTreeSet<_> = posts.iter().map(Received::webhook_id).collect();
    assert_eq!(ids.len(), 3);
    assert!(ids.iter().all(|id| id.starts_with("bat_")), "{ids:?}");
    assert!(posts.iter().all(|post| post.verifies_with(webhook.secrets.current.expose())));
    for event in &events {
        let row = scene.row(&webhook, event).await;
        assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, 1));
    }
}

#[tokio::test]
async fn alone_in_its_post_an_event_has_its_own_id() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    scene.webhook_with(&receiver.url("/grouping"), grouping(10)).await;
    scene.webhook_with(&receiver.url("/single"), grouping(1)).await;
    let events = accept_many(&scene, 1).await;
    scene.world.run_until_idle().await.unwrap();
    for path in ["/grouping", "/single"] {
        let posts = receiver.received(path);
        assert_eq!((posts.len(), entries(&posts[0]).len()), (1, 1));
        assert_eq!(posts[0].webhook_id(), events[0].id.to_string());
    }
}

#[tokio::test]
async fn a_batch_size_that_was_stored_for_a_dialect_without_arrays_groups_nothing() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    scene.webhook_with(&receiver.url("/hook"), |webhook| Webhook { batch: 10, ..webhook }).await;
    accept_many(&scene, 3).await;
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/hook").len(), 3);
}

#[tokio::test]
async fn a_failure_fails_them_all_each_with_its_own_attempt_and_schedule() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500)]);
    let url = receiver.url("/hook");
    let retry_policy = RetryPolicy::Custom(Delays::new(&[10]).unwrap());
    let webhook = scene.webhook_with(&url, |webhook| grouping(10)(Webhook { retry_policy, ..webhook }));
    let webhook = webhook.await;
    let early = accept_many(&scene, 2).await;
    scene.world.pump_queue(DELIVERIES).await;
    // One batch has the second and last attempts of these two, and the first attempts of two others.
    scene.world.clock.advance(SignedDuration::from_secs(15));
    let late: Vec<Event> = ["x", "y"].map(|key| scene.world.event(scene.tenant, key)).into();
    for event in &late {
        scene.world.aws.sqs.put(RETRIES, &Job::first(webhook.id, event).to_json());
    }
    assert_eq!(scene.world.pump_queue(RETRIES).await, 4);

    let sizes: Vec<_> = receiver.received("/hook").iter().map(|post| entries(post).len()).collect();
    assert_eq!(sizes, [2, 4]);
    for event in &early {
        let row = scene.row(&webhook, event).await;
        assert_eq!(row.state, DeliveryState::Dead { reason: DeadReason::AttemptsExhausted });
        assert_eq!(row.attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1, 2]);
    }
    for event in &late {
        let row = scene.row(&webhook, event).await;
        assert!(matches!(row.state, DeliveryState::Waiting { .. }), "{row:?}");
        assert_eq!(row.attempts.iter().map(|attempt| attempt.number).collect::<Vec<_>>(), [1]);
    }
    assert_eq!(scene.world.aws.sqs.messages(DEAD_LETTER).len(), 2);
    // One answer of the receiver is one failure, for any number of deliveries.
    let breaker = scene.world.registry.breakers.get(scene.tenant, webhook.id).await.unwrap();
    assert!(matches!(breaker, shared::breaker::Breaker::Closed { failures: 2, .. }), "{breaker:?}");

    receiver.script("/hook", [Answer::Status(200)]);
    scene.world.run_until_idle().await.unwrap();
    for event in &late {
        assert_eq!(scene.row(&webhook, event).await.state, DeliveryState::Delivered);
    }
}

#[tokio::test]
async fn what_the_receiver_asks_for_counts_for_all_of_a_post() {
    for (answer, status) in [
        (Answer::Status(410), DeadReason::Gone),
        (Answer::Full(500, vec![("webhook-delivery", "abort-message".to_owned())], Vec::new()), DeadReason::Aborted),
        (Answer::Full(500, vec![("webhook-delivery", "disable".to_owned())], Vec::new()), DeadReason::ReceiverAsked),
    ] {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        receiver.script("/hook", [answer]);
        let webhook = scene.webhook_with(&receiver.url("/hook"), grouping(10)).await;
        let events = accept_many(&scene, 3).await;
        scene.world.run_until_idle().await.unwrap();
        assert_eq!(receiver.received("/hook").len(), 1);
        for event in &events {
            assert_eq!(scene.row(&webhook, event).await.state, DeliveryState::Dead { reason: status });
        }
        assert_eq!(scene.world.aws.sqs.messages(DEAD_LETTER).len(), 3);
        let stored = scene.world.registry.webhooks.get(scene.tenant, webhook.id).await.unwrap().unwrap();
        assert_eq!(stored.status == WebhookStatus::Enabled, status == DeadReason::Aborted);
        // The webhook is disabled once.
        assert_eq!(stored.revision, if status == DeadReason::Aborted { 1 } else { 2 });
    }
}

#[tokio::test]
async fn what_is_over_already_is_in_no_post() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.webhook_with(&receiver.url("/hook"), grouping(10)).await;
    let done = accept_many(&scene, 1).await;
    scene.world.run_until_idle().await.unwrap();
    // The jobs: one of the delivered event, one whose event is gone, two copies of a redriven one, and a fresh one.
    let (lost, redriven, fresh) =
        (scene.world.event(scene.tenant, "lost"), scene.accept("again").await, scene.accept("fresh").await);
    let job = |event: &Event, round| {
        Job::Deliver(DeliverJob {
            tenant: scene.tenant,
            webhook: webhook.id,
            event: event.id,
            round,
            inline: None,
            resend: false,
            slot: None,
            unknown: UnknownFields::default(),
        })
    };
    for job in [job(&done[0], 0), job(&lost, 1), job(&redriven, 1), job(&redriven, 1), job(&fresh, 1)] {
        scene.world.aws.sqs.put(RETRIES, &job.to_json());
    }
    assert_eq!(scene.world.pump_queue(RETRIES).await, 5);
    let posts = receiver.received("/hook");
    assert_eq!((posts.len(), entries(&posts[1]).len()), (2, 2));
    let dead = DeliveryState::Dead { reason: DeadReason::EventExpired };
    assert_eq!(scene.row(&webhook, &lost).await.state, dead);
    for event in [&redriven, &fresh] {
        assert_eq!(scene.row(&webhook, event).await.state, DeliveryState::Delivered);
    }
}

#[tokio::test]
async fn a_post_of_several_events_takes_one_slot_of_a_rate_limit() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let url = receiver.url("/hook");
    let webhook = scene.webhook_with(&url, |webhook| grouping(5)(Webhook { rate_limit: RateLimit::new(1), ..webhook }));
    let webhook = webhook.await;
    let events = accept_many(&scene, 30).await;
    let begun = scene.world.clock.now();
    scene.world.run_until_idle().await.unwrap();
    let mut times = BTreeSet::new();
    for event in &events {
        let row = scene.row(&webhook, event).await;
        assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, 1));
        times.insert(row.attempts[0].at);
    }
    // Deliveries that share a slot come back together or apart. In both cases a slot has one POST at most.
    let posts = receiver.received("/hook").len();
    assert_eq!(posts, times.len());
    for (number, at) in times.iter().enumerate() {
        assert!(at.as_second() >= begun.as_second() + i64::try_from(number).unwrap(), "POST {number} at {at}");
    }
    assert!(posts < 15, "{posts} POSTs of up to five for 30 events");
}

#[tokio::test]
async fn deliveries_that_share_a_slot_and_come_back_apart_do_not_both_use_it() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let url = receiver.url("/hook");
    let limit = RateLimit::new(1).unwrap();
    let webhook = scene.webhook_with(&url, |webhook| grouping(2)(Webhook { rate_limit: Some(limit), ..webhook })).await;
    // The deliveries are in line behind others, and others are behind them.
    let claim = Claim { limit, revision: webhook.revision, count: 100, now: scene.world.clock.now() };
    scene.world.registry.rate_limits.claim_slots(scene.tenant, webhook.id, &claim).await.unwrap();
    let events = accept_many(&scene, 2).await;
    scene.world.pump_queue(DELIVERIES).await;
    scene.world.registry.rate_limits.claim_slots(scene.tenant, webhook.id, &claim).await.unwrap();
    let due = scene.world.aws.sqs.next_visible(RETRIES).unwrap();
    scene.world.clock.advance(due.duration_since(scene.world.clock.now()) + SignedDuration::from_secs(1));
    // The delivery that shares the other one's slot comes first, and alone.
    let mut both = scene.world.aws.sqs.receive(RETRIES);
    let mut first = both.clone();
    (first.records, both.records) = (both.records.split_off(1), both.records);
    for batch in [first, both] {
        let mut context = lambda_runtime::Context::default();
        context.deadline = u64::try_from((due + SignedDuration::from_secs(60)).as_millisecond()).unwrap();
        let answer = deliver::handle(lambda_runtime::LambdaEvent::new(batch.clone(), context), &scene.world.deliver);
        assert!(answer.await.unwrap().batch_item_failures.is_empty());
        scene.world.aws.sqs.finish(RETRIES, &batch, &[]);
    }
    let posts = receiver.received("/hook");
    assert_eq!((posts.len(), entries(&posts[0]).len()), (1, 1));
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/hook").len(), 2);
    for event in &events {
        let row = scene.row(&webhook, event).await;
        assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, 1));
    }
}

#[tokio::test]
async fn whichever_call_fails_before_or_after_its_effect_none_of_a_post_is_lost() {
    let run = async |broken: Option<(usize, Break)>| {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        receiver.script("/hook", [Answer::Status(500), Answer::Status(200)]);
        let webhook = scene.webhook_with(&receiver.url("/hook"), grouping(3)).await;
        let events = accept_many(&scene, 3).await;
        scene.world.aws.take_calls();
        if let Some((call, how)) = broken {
            scene.world.aws.break_call(call, how);
        }
        scene.world.run_until_idle().await.unwrap();
        // Jitter brings the deliveries back together or apart, so the number of calls differs between runs.
        scene.world.aws.call_off_break();
        for event in &events {
            let row = scene.row(&webhook, event).await;
            assert_eq!(row.state, DeliveryState::Delivered, "{broken:?}");
        }
        scene.world.aws.take_calls().len()
    };
    let calls = run(None).await;
    assert!(calls >= 12, "{calls}");
    for call in 0..calls {
        for how in [Break::Before, Break::After] {
            run(Some((call, how))).await;
        }
    }
}
