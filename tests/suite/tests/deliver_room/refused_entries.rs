//! SQS takes some entries of a batch that `deliver` sends, and refuses one. The message whose entry was refused is kept
//! and does its work again; the other messages go on. Nothing is lost, and nothing is done twice.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use shared::delivery::DeliveryState;
use shared::event::Event;
use shared::retry::{Delays, RetryPolicy};
use shared::webhook::Webhook;
use support::sqs::VISIBILITY;
use support::world::{DEAD_LETTER, DELIVERIES, RETRIES};
use support::{Answer, Receiver};

use crate::Scene;

/// Tries that a retriable entry gets in one invocation.
const TRIES: usize = 3;

/// Three accepted events of a webhook with these delays between its attempts, whose receiver fails.
async fn three_events(scene: &Scene, receiver: &Receiver, delays: &[i64]) -> (Webhook, [Event; 3]) {
    receiver.script("/hook", [Answer::Status(500)]);
    let retry_policy = RetryPolicy::Custom(Delays::new(delays).unwrap());
    let webhook = scene.webhook_with(&receiver.url("/hook"), |webhook| Webhook { retry_policy, ..webhook }).await;
    let events = [scene.accept("a").await, scene.accept("b").await, scene.accept("c").await];
    scene.world.pump_stream().await.unwrap();
    (webhook, events)
}

/// Which of the events have messages in a queue, and how many.
fn in_queue<'a>(scene: &Scene, queue: &str, events: &'a [Event; 3]) -> BTreeMap<&'a str, usize> {
    let messages = scene.world.aws.sqs.messages(queue);
    let about = |event: &Event| messages.iter().filter(|message| message.body.contains(&event.id.to_string())).count();
    let counts = ["a", "b", "c"].into_iter().zip(events).map(|(key, event)| (key, about(event)));
    counts.filter(|(_, count)| *count > 0).collect()
}

/// Number of batch sends since the last call of this function.
fn sends(scene: &Scene) -> usize {
    scene.world.aws.take_calls().iter().filter(|call| call.operation == "SQS.SendMessageBatch").count()
}

/// Number of requests that the receiver has got.
fn requests(receiver: &Receiver) -> usize {
    receiver.received("/hook").len()
}

#[tokio::test]
async fn a_message_whose_entry_the_retries_queue_refuses_is_kept_and_attempted_when_it_comes_back() {
    for (source, is_at_fault) in [(DELIVERIES, false), (DELIVERIES, true), (RETRIES, false), (RETRIES, true)] {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        let (webhook, events) = three_events(&scene, &receiver, &[10, 10, 10]).await;
        if source == RETRIES {
            // The first attempts fail, and the jobs wait in the retries queue. They are sent anew from there, because
            // many messages are in flight.
            scene.world.aws.sqs.pretend_in_flight(30_000);
            assert_eq!(scene.world.pump_queue(DELIVERIES).await, 3);
            scene.world.clock.advance(SignedDuration::from_secs(15));
        }
        let (before, attempts) = (requests(&receiver), if source == RETRIES { 2 } else { 1 });

        scene.world.aws.sqs.refuse_entries_with(&[events[1].id.to_string()], is_at_fault);
        sends(&scene);
        assert_eq!(scene.world.pump_queue(source).await, 3);
        assert_eq!(sends(&scene), if is_at_fault { 1 } else { TRIES });
        assert_eq!(requests(&receiver) - before, 3);
        let kept = scene.world.aws.sqs.messages(source);
        let kept: Vec<_> = kept.iter().filter(|message| message.receives == 1).collect();
        assert_eq!(kept.len(), 1, "the message of the refused entry is kept, and no other");
        assert!(kept[0].body.contains(&events[1].id.to_string()));
        let mut expected = BTreeMap::from([("a", 1), ("c", 1)]);
        if source == RETRIES {
            expected.insert("b", 1);
        }
        assert_eq!(in_queue(&scene, RETRIES, &events), expected);
        for event in &events {
            let row = scene.row(&webhook, event).await;
            assert!(matches!(row.state, DeliveryState::Waiting { .. }), "{row:?}");
            assert_eq!(row.attempts.len(), attempts);
        }

        scene.world.aws.sqs.refuse_entries_with(&[], false);
        receiver.script("/hook", [Answer::Status(200)]);
        scene.world.run_until_idle().await.unwrap();
        assert_eq!(requests(&receiver) - before, 6, "each delivery has one more attempt");
        for event in &events {
            let row = scene.row(&webhook, event).await;
            assert_eq!((row.state, row.attempts.len()), (DeliveryState::Delivered, attempts + 1));
        }
        assert!(scene.world.aws.sqs.messages(DEAD_LETTER).is_empty());
    }
}

#[tokio::test]
async fn a_message_whose_entry_the_dead_letter_queue_refuses_is_kept_and_sends_its_dead_letter_again() {
    for is_at_fault in [false, true] {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        let (webhook, events) = three_events(&scene, &receiver, &[]).await;
        scene.world.aws.sqs.refuse_entries_with(&[events[1].id.to_string()], is_at_fault);
        sends(&scene);
        assert_eq!(scene.world.pump_queue(DELIVERIES).await, 3);
        assert_eq!(sends(&scene), if is_at_fault { 1 } else { TRIES });
        assert_eq!(in_queue(&scene, DELIVERIES, &events), BTreeMap::from([("b", 1)]));
        assert_eq!(in_queue(&scene, DEAD_LETTER, &events), BTreeMap::from([("a", 1), ("c", 1)]));
        for event in &events {
            let row = scene.row(&webhook, event).await;
            assert!(matches!(row.state, DeliveryState::Dead { .. }) && row.attempts.len() == 1, "{row:?}");
        }

        // As long as the queue refuses the entry, the message comes back; its delivery is dead and is not attempted.
        scene.world.clock.advance(VISIBILITY);
        assert_eq!(scene.world.pump_queue(DELIVERIES).await, 1);
        assert_eq!(in_queue(&scene, DELIVERIES, &events), BTreeMap::from([("b", 1)]));
        scene.world.aws.sqs.refuse_entries_with(&[], false);
        scene.world.run_until_idle().await.unwrap();
        assert!(scene.world.aws.sqs.messages(DELIVERIES).is_empty());
        assert_eq!(in_queue(&scene, DEAD_LETTER, &events), BTreeMap::from([("a", 1), ("b", 1), ("c", 1)]));
        assert_eq!(requests(&receiver), 3);
        let told = scene.world.told().unwrap();
        assert_eq!(told.len(), 3, "each death is told once: {told:?}");
    }
}
