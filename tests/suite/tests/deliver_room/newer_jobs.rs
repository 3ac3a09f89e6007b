//! Jobs and events of a newer release, which an older one receives during a deployment or after a rollback.

use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::delivery::{DeadReason, DeliveryState};
use shared::event::{Event, EventType, example};
use shared::id::WebhookId;
use shared::queue::job::{DeliverJob, DispatchJob, Job};
use shared::rate_limit::RateLimit;
use shared::store::events::event_row;
use shared::webhook::Webhook;
use support::Answer;
use support::jobs::{every_job, has_inserted, with_a_newer_word, with_one_field_more};
use support::log_lines::LogLines;
use support::world::{DEAD_LETTER, DELIVERIES, RETRIES, SLOW};

use crate::{Scene, failing};

/// An event of this type with everything that such an event can say. It is not stored.
fn full_event(scene: &Scene, event_type: EventType) -> Event {
    let now = scene.world.clock.now();
    Event::accept(example(event_type, "full", now), scene.tenant, None, now)
}

/// All bodies that a newer release could write, and that this release must not act on.
fn newer_bodies(scene: &Scene, webhook: WebhookId) -> Vec<String> {
    let mut bodies = Vec::new();
    for event_type in [EventType::Bounced, EventType::Rejected, EventType::DeliveryDead] {
        for (_, job) in every_job(webhook, &full_event(scene, event_type)) {
            bodies.extend(with_a_newer_word(&job.to_json()).into_iter().map(|(_, body)| body));
        }
    }
    bodies
}

/// The only message of the retries queue, hidden or delayed, and for how many seconds from now.
fn parked(scene: &Scene) -> (support::sqs::Message, i64) {
    let mut messages = scene.world.aws.sqs.messages(RETRIES);
    assert_eq!(messages.len(), 1, "{messages:?}");
    let message = messages.remove(0);
    let wait = message.visible_at.duration_since(scene.world.clock.now()).as_secs();
    (message, wait)
}

#[tokio::test]
async fn a_job_of_a_newer_release_waits_in_the_retries_queue_as_it_was_received() {
    let (scene, receiver, webhook) = Scene::with_hook([Answer::Status(200)], |webhook| webhook).await;
    let bodies = newer_bodies(&scene, webhook.id);
    assert!(bodies.len() > 60, "{}", bodies.len());
    for body in bodies {
        for queue in [DELIVERIES, SLOW, RETRIES] {
            scene.world.aws.sqs.put(queue, &body);
            assert_eq!(scene.world.pump_queue(queue).await, 1);
            assert!(scene.world.aws.sqs.messages(DEAD_LETTER).is_empty(), "{body}");
            let (message, wait) = parked(&scene);
            assert_eq!((message.body.as_str(), wait), (body.as_str(), 60));
            scene.world.aws.sqs.take(RETRIES, |_| true);
        }
    }
    assert_eq!(receiver.count(), 0);
}

/// A rollback may last for longer than SQS keeps a message.
#[tokio::test]
async fn what_is_parked_neither_ends_nor_counts_as_an_attempt() {
    for in_flight in [0, 30_000] {
        let (scene, receiver, webhook) = Scene::with_hook([Answer::Status(200)], |webhook| webhook).await;
        scene.world.aws.sqs.pretend_in_flight(in_flight);
        let event = scene.accept("a").await;
        scene.world.forget_stream().unwrap();
        let body = with_a_newer_word(&Job::first(webhook.id, &event).to_json()).remove(0).1;
        scene.world.aws.sqs.put(DELIVERIES, &body);
        scene.world.pump_queue(DELIVERIES).await;
        let begun = scene.world.clock.now();
        let (mut last, mut waits) = (0, 0);
        while scene.world.clock.now().duration_since(begun) < SignedDuration::from_hours(20 * 24) {
            let (message, wait) = parked(&scene);
            assert_eq!(message.body, body);
            assert_eq!(message.group, scene.tenant.to_string());
            assert!(message.receives < 1_000 && (60..=3_600).contains(&wait), "{message:?}");
            assert!(waits > 20 || wait >= last, "{wait} after {last}");
            (last, waits) = (wait, waits + 1);
            scene.world.clock.advance(message.visible_at.duration_since(scene.world.clock.now()));
            assert_eq!(scene.world.pump_queue(RETRIES).await, 1);
        }
        assert!(waits < 2_000, "{waits}");
        assert!(scene.world.aws.sqs.messages(DEAD_LETTER).is_empty());
        assert!(scene.world.deliveries.get(scene.tenant, webhook.id, event.id).await.unwrap().is_none());
        assert_eq!(receiver.count(), 0);
    }
}

#[tokio::test]
async fn a_parked_job_is_logged_once_for_each_receive_with_its_tenant() {
    let (scene, _receiver, webhook) = Scene::with_hook([Answer::Status(200)], |webhook| webhook).await;
    let body = newer_bodies(&scene, webhook.id).remove(0);
    let lines = LogLines::collect();
    scene.world.aws.sqs.put(DELIVERIES, &body);
    scene.world.pump_queue(DELIVERIES).await;
    let lines = lines.all();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0].id("tenant.id"), Some(scene.tenant.to_string().as_str()));
}

/// The row of an event as this release writes it, and as a newer one could.
fn rows(event: &Event) -> [Value; 2] {
    let good = serde_json::to_value(serde_dynamo::Item::from(event_row(event, 4_000_000_000).unwrap())).unwrap();
    let mut newer = good.clone();
    let json = newer["json"]["S"].as_str().unwrap().replacen("email.delivered", "email.zz_new", 1);
    newer["json"] = json!({"S": json});
    [good, newer]
}

#[tokio::test]
async fn a_job_whose_stored_event_is_of_a_newer_release_waits_for_that_release() {
    for is_dispatch in [false, true] {
        let (scene, receiver, webhook) = Scene::with_hook([Answer::Status(200)], |webhook| webhook).await;
        let event = scene.world.event(scene.tenant, "a");
        let [good, newer] = rows(&event);
        scene.world.aws.put_unbroken("events", vec![newer]).unwrap();
        scene.world.forget_stream().unwrap();
        let by_reference = Job::Deliver(DeliverJob { inline: None, ..DeliverJob::first(webhook.id, &event) });
        let job = if is_dispatch { Job::Dispatch(DispatchJob::of(&event)) } else { by_reference };
        for queue in [DELIVERIES, SLOW] {
            scene.world.aws.sqs.take(RETRIES, |_| true);
            scene.world.aws.sqs.put(queue, &job.to_json());
            scene.world.pump_queue(queue).await;
            assert_eq!(parked(&scene).0.body, job.to_json());
        }
        assert_eq!(receiver.count(), 0);
        assert!(scene.world.deliveries.get(scene.tenant, webhook.id, event.id).await.unwrap().is_none());

        scene.world.aws.put_unbroken("events", vec![good]).unwrap();
        scene.world.run_until_idle().await.unwrap();
        assert!(scene.world.aws.sqs.messages(DEAD_LETTER).is_empty());
        assert_eq!(receiver.count(), 1);
        assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered);
    }
}

/// The jobs of `event` with one field more. Each has the path of the object with the field.
fn with_more(webhook: &Webhook, event: &Event) -> Vec<(&'static str, String)> {
    let jobs = every_job(webhook.id, event);
    jobs.iter().flat_map(|(_, job)| with_one_field_more(&job.to_json())).collect()
}

#[tokio::test]
async fn a_job_with_a_field_more_is_carried_out_and_its_dead_letter_has_the_field() {
    for event_type in [EventType::Bounced, EventType::DeliveryDead] {
        let (scene, receiver, webhook) = Scene::with_hook([Answer::Status(500)], failing(&[])).await;
        let event = full_event(&scene, event_type);
        scene.world.events.put(&event).await.unwrap();
        scene.world.forget_stream().unwrap();
        for (pointer, body) in with_more(&webhook, &event) {
            let before = receiver.count();
            scene.world.aws.sqs.put(DELIVERIES, &body);
            scene.world.run_until_idle().await.unwrap();
            let letters = scene.world.aws.sqs.take(DEAD_LETTER, |_| true);
            let Ok(Job::Deliver(job)) = Job::from_json(&body) else {
                assert!(letters.iter().all(|letter| letter.attributes["reason"] != "unreadable"), "{body}");
                continue;
            };
            // A job of a round that is over is obsolete.
            if receiver.count() > before {
                assert_eq!(letters[0].attributes["reason"], DeadReason::AttemptsExhausted.as_str());
                assert!(pointer == "/slot" || has_inserted(&letters[0].body, pointer), "{body}: {letters:?}");
            }
            assert!(receiver.count() > before || job.round < 4, "{body}");
        }
        assert!(receiver.count() > 3);
    }
}

#[tokio::test]
async fn a_job_with_a_field_more_keeps_it_in_every_wait() {
    let limited = |webhook| Webhook { rate_limit: RateLimit::new(1), ..failing(&[60])(webhook) };
    let (scene, receiver, webhook) = Scene::with_hook([Answer::Status(500)], limited).await;
    let mut waiting = 0;
    for (number, pointer) in ["", "/inline"].into_iter().cycle().take(8).enumerate() {
        let event = scene.accept(&number.to_string()).await;
        scene.world.forget_stream().unwrap();
        let bodies = with_one_field_more(&Job::first(webhook.id, &event).to_json());
        let (_, body) = bodies.into_iter().find(|(of, _)| *of == pointer).unwrap();
        scene.world.aws.sqs.put(DELIVERIES, &body);
    }
    while scene.world.pump_queue(DELIVERIES).await > 0 {}
    for message in scene.world.aws.sqs.messages(RETRIES) {
        let pointer = if has_inserted(&message.body, "") { "" } else { "/inline" };
        assert!(has_inserted(&message.body, pointer), "{}", message.body);
        let has_slot = matches!(Job::from_json(&message.body), Ok(Job::Deliver(DeliverJob { slot: Some(_), .. })));
        waiting += usize::from(has_slot);
    }
    assert!(waiting > 3, "{waiting} wait for their slots, {} attempts", receiver.count());
    scene.world.run_until_idle().await.unwrap();
    let letters = scene.world.aws.sqs.messages(DEAD_LETTER);
    assert_eq!(letters.len(), 8);
    assert!(letters.iter().all(|letter| has_inserted(&letter.body, "") || has_inserted(&letter.body, "/inline")));
}
