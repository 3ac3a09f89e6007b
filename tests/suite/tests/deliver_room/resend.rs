//! Resends: one event is sent to one webhook again because somebody asked for it.

use shared::delivery::DeliveryState;
use shared::event::Event;
use shared::queue::job::{DeliverJob, Job};
use shared::unknown_fields::UnknownFields;
use shared::webhook::Webhook;
use support::world::{DEAD_LETTER, DELIVERIES};
use support::{Answer, Receiver};

use crate::Scene;

fn job(scene: &Scene, webhook: &Webhook, event: &Event, round: u32) -> String {
    let inline = Some(Box::new(event.clone()));
    let (tenant, webhook, event) = (scene.tenant, webhook.id, event.id);
    Job::Deliver(DeliverJob {
        tenant,
        webhook,
        event,
        round,
        inline,
        resend: true,
        slot: None,
        unknown: UnknownFields::default(),
    })
    .to_json()
}

#[tokio::test]
async fn what_was_delivered_is_delivered_once_more_by_the_same_id() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    let event = scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    // The same job comes twice, as SQS may hand it out.
    for _ in 0..2 {
        scene.world.aws.sqs.put(DELIVERIES, &job(&scene, &webhook, &event, 1));
    }
    scene.world.run_until_idle().await.unwrap();
    let ids: Vec<_> = receiver.received("/hook").iter().map(|request| request.webhook_id().to_owned()).collect();
    assert_eq!(ids, [event.id.to_string(), event.id.to_string()]);
    let row = scene.row(&webhook, &event).await;
    assert_eq!((row.state, row.round, row.attempts.len()), (DeliveryState::Delivered, 1, 2));
}

#[tokio::test]
async fn it_has_a_full_schedule_and_a_dead_letter_that_sends_nothing_delivered() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    let event = scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    receiver.script("/hook", [Answer::Status(500)]);
    scene.world.aws.sqs.put(DELIVERIES, &job(&scene, &webhook, &event, 1));
    scene.world.run_until_idle().await.unwrap();
    // There are the first delivery, and the four attempts of a schedule with three delays.
    assert_eq!(receiver.received("/hook").len(), 1 + 4);
    assert!(matches!(scene.row(&webhook, &event).await.state, DeliveryState::Dead { .. }));
    // The event is resent and delivered before somebody redrives the dead letter. The redriven job has nothing to do.
    receiver.script("/hook", [Answer::Status(200)]);
    scene.world.aws.sqs.put(DELIVERIES, &job(&scene, &webhook, &event, 2));
    scene.world.run_until_idle().await.unwrap();
    let letters = scene.world.aws.sqs.messages(DEAD_LETTER);
    assert_eq!(letters.len(), 1);
    scene.world.aws.sqs.put(DELIVERIES, &letters[0].body);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/hook").len(), 1 + 4 + 1);
}

#[tokio::test]
async fn a_webhook_that_never_got_it_gets_it_and_a_held_one_later() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let event = scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/late")).await.unwrap();
    scene.world.aws.sqs.put(DELIVERIES, &job(&scene, &webhook, &event, 1));
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/late").len(), 1);

    let paused = Webhook { paused: true, ..webhook.clone() };
    scene.world.registry.webhook_writer.replace(&paused, None).await.unwrap();
    scene.world.clock.advance(jiff::SignedDuration::from_secs(31)); // past the cache
    scene.world.aws.sqs.put(DELIVERIES, &job(&scene, &webhook, &event, 2));
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Held);
    let on = Webhook { revision: paused.revision + 1, ..webhook.clone() };
    scene.world.registry.webhook_writer.replace(&on, None).await.unwrap();
    super::held::recover(&scene, &webhook);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/late").len(), 2);
}
