//! Events that a webhook wants and that have no delivery.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use shared::delivery::DeliveryState;
use shared::event::{Event, EventType};
use shared::queue::job::Job;
use shared::recovery::{Recoverable, Recovery};
use shared::webhook::{DisabledReason, Subscription, WantedTypes, Webhook, WebhookStatus};
use support::Receiver;
use support::world::DELIVERIES;

use super::ids_of;
use crate::Scene;

const WHILE: SignedDuration = SignedDuration::from_mins(17);

#[tokio::test]
async fn a_webhook_that_was_created_late_gets_what_it_wants_of_what_was_before() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let mut wanted = BTreeSet::new();
    for number in 0..30 {
        let mut event = scene.world.event(scene.tenant, &format!("before {number}"));
        if number % 3 == 0 {
            event.facts.event_type = EventType::Bounced;
            wanted.insert(event.id.to_string());
        } else if number % 3 == 1 {
            event.facts.event_type = EventType::Unparsed;
        }
        scene.world.events.put(&event).await.unwrap();
    }
    scene.world.run_until_idle().await.unwrap();
    scene.world.clock.advance(SignedDuration::from_millis(5));
    let url = receiver.url("/late");
    let late = scene.webhook_with(&url, |webhook| Webhook {
        subscription: Subscription {
            types: WantedTypes::Only(BTreeSet::from([EventType::Bounced])),
            ..webhook.subscription
        },
        ..webhook
    });
    let late = late.await;
    let recovery = scene.recovery(Some(&late), &[Recoverable::Missing]);
    scene.begin(&recovery).await;
    scene.world.run_until_idle().await.unwrap();
    scene.assert_done(&recovery, 30, 10).await;
    let got: BTreeSet<_> = ids_of(&receiver, "/late").into_iter().collect();
    assert_eq!((got, receiver.count()), (wanted, 10));
    // All of these events have a delivery now.
    let recovery = scene.recovery(Some(&late), &[Recoverable::Missing]);
    scene.begin(&recovery).await;
    scene.world.run_until_idle().await.unwrap();
    scene.assert_done(&recovery, 30, 0).await;
    assert_eq!(receiver.count(), 10);
}

#[tokio::test]
async fn days_without_events_are_passed_over_and_the_bounds_are_those_of_the_events_times() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let now = scene.world.clock.now();
    let days_ago = |days: i64| now - SignedDuration::from_hours(24 * days);
    let mut wanted = BTreeSet::new();
    for days in [41, 40, 31, 2, 1] {
        let mut event = scene.world.event(scene.tenant, &format!("{days} days ago"));
        event.facts.occurred_at = days_ago(days);
        let event = Event::accept(event.facts, scene.tenant, None, now);
        scene.world.events.put(&event).await.unwrap();
        if (2..=40).contains(&days) {
            wanted.insert(event.id.to_string());
        }
    }
    scene.world.run_until_idle().await.unwrap();
    scene.world.clock.advance(SignedDuration::from_millis(5));
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    let recovery = Recovery {
        since: days_ago(40),
        until: days_ago(2),
        rate: 1,
        ..scene.recovery(Some(&webhook), &[Recoverable::Missing])
    };
    scene.begin(&recovery).await;
    scene.world.run_until_idle().await.unwrap();
    scene.assert_done(&recovery, 3, 3).await;
    let got: BTreeSet<_> = ids_of(&receiver, "/hook").into_iter().collect();
    assert_eq!((got, receiver.count()), (wanted, 3));
}

#[tokio::test]
async fn more_of_them_than_fit_into_a_page_are_all_found() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    // These are also more events than one chunk looks at.
    for number in 0..260 {
        scene.accept(&format!("before {number}")).await;
    }
    scene.world.run_until_idle().await.unwrap();
    scene.world.clock.advance(SignedDuration::from_millis(5));
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    let recovery = Recovery { rate: 8, ..scene.recovery(Some(&webhook), &[Recoverable::Missing]) };
    scene.begin(&recovery).await;
    scene.world.run_until_idle().await.unwrap();
    scene.assert_done(&recovery, 260, 260).await;
    let got: BTreeSet<_> = ids_of(&receiver, "/hook").into_iter().collect();
    assert_eq!((got.len(), receiver.count()), (260, 260));
    assert_eq!(scene.stored(&recovery).await.page, 4, "80 to a page");
}

#[tokio::test]
async fn what_is_missing_to_a_webhook_that_takes_no_attempts_is_held() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let event = scene.accept("before").await;
    scene.world.run_until_idle().await.unwrap();
    scene.world.clock.advance(SignedDuration::from_millis(5));
    let url = receiver.url("/off");
    let webhook = scene.webhook_with(&url, |webhook| Webhook {
        status: WebhookStatus::Disabled { reason: DisabledReason::Requested },
        ..webhook
    });
    let webhook = webhook.await;
    let recovery = scene.recovery(Some(&webhook), &[Recoverable::Missing]);
    scene.begin(&recovery).await;
    scene.world.run_until_idle().await.unwrap();
    scene.assert_done(&recovery, 1, 1).await;
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Held);
}

/// The first job may still be in the queue. Its delivery is not missing until the job can be late.
#[tokio::test]
async fn a_young_events_first_job_is_left_to_come() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    scene.accept("young").await;
    let recovery = scene.recovery(Some(&webhook), &[Recoverable::Missing]);
    scene.begin(&recovery).await;
    scene.world.pump_queue(DELIVERIES).await;
    scene.assert_done(&recovery, 1, 0).await;
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 1);
}

/// After a backlog, the first job is received after a recovery has taken its delivery for missing: before the
/// recovery's job, after it, or in the same batch.
#[tokio::test]
async fn a_first_job_that_comes_late_and_the_recoverys_are_one_delivery() {
    for (order, inline) in [(0, true), (1, true), (2, true), (0, false), (1, false), (2, false)] {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
        let event = scene.accept("backlog").await;
        scene.world.pump_stream().await.unwrap();
        let mut first = scene.world.aws.sqs.take(DELIVERIES, |_| true).remove(0).body;
        if !inline {
            let Ok(Job::Deliver(job)) = Job::from_json(&first) else { panic!("no delivery") };
            first = Job::Deliver(shared::queue::job::DeliverJob { inline: None, ..job }).to_json();
        }
        scene.world.clock.advance(WHILE);
        let recovery = scene.recovery(Some(&webhook), &[Recoverable::Missing]);
        scene.begin(&recovery).await;
        scene.world.pump_queue(DELIVERIES).await;
        scene.assert_done(&recovery, 1, 1).await;
        let recovered = scene.world.aws.sqs.take(DELIVERIES, |_| true).remove(0).body;
        let batches: &[&[&str]] = match order {
            0 => &[&[&first], &[&recovered]],
            1 => &[&[&recovered], &[&first]],
            _ => &[&[&first, &recovered]],
        };
        for batch in batches {
            for job in *batch {
                scene.world.aws.sqs.put(DELIVERIES, job);
            }
            scene.world.pump_queue(DELIVERIES).await;
        }
        scene.world.run_until_idle().await.unwrap();
        assert_eq!(receiver.count(), 1, "order {order}, inline {inline}");
        assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered);
    }
}
