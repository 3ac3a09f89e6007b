//! Dead letters that SQS redrives while the API recovers the same deliveries.

use shared::delivery::DeliveryState;
use shared::recovery::Recoverable;
use support::world::{DEAD_LETTER, DELIVERIES};
use support::{Answer, Receiver};

use crate::Scene;

/// Which of the two jobs comes first.
#[derive(Debug, Clone, Copy)]
enum Order {
    Redriven,
    Recovered,
    SameBatch,
    /// The dead letter is redriven after the recovered delivery was delivered.
    MuchLater,
}

/// What the receiver answers from then on. The last answer is repeated.
const ANSWERS: [&[u16]; 3] = [&[200], &[500, 200], &[500, 500, 500, 200]];

#[tokio::test]
async fn a_dead_letter_redriven_and_recovered_at_the_same_time_is_delivered_once() {
    for order in [Order::Redriven, Order::Recovered, Order::SameBatch, Order::MuchLater] {
        for answers in ANSWERS {
            let scene = Scene::start().await;
            let receiver = Receiver::start().await.unwrap();
            receiver.script("/hook", [Answer::Status(500)]);
            let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
            let event = scene.accept("a").await;
            scene.world.run_until_idle().await.unwrap();
            assert!(matches!(scene.row(&webhook, &event).await.state, DeliveryState::Dead { .. }));
            let before = receiver.count();

            receiver.script("/hook", answers.iter().map(|status| Answer::Status(*status)));
            let recovery = scene.recovery(Some(&webhook), &[Recoverable::Dead]);
            scene.begin(&recovery).await;
            scene.world.pump_queue(DELIVERIES).await;
            scene.assert_done(&recovery, 1, 1).await;
            let recovered = scene.world.aws.sqs.take(DELIVERIES, |_| true).remove(0).body;
            let letter = scene.world.aws.sqs.take(DEAD_LETTER, |_| true).remove(0).body;
            let batches: &[&[&str]] = match order {
                Order::Redriven => &[&[&letter], &[&recovered]],
                Order::Recovered => &[&[&recovered], &[&letter]],
                Order::SameBatch => &[&[&letter, &recovered]],
                Order::MuchLater => &[&[&recovered], &[], &[&letter]],
            };
            for batch in batches {
                for job in *batch {
                    scene.world.aws.sqs.put(DELIVERIES, job);
                }
                if batch.is_empty() {
                    scene.world.run_until_idle().await.unwrap();
                } else {
                    scene.world.pump_queue(DELIVERIES).await;
                }
            }
            scene.world.run_until_idle().await.unwrap();
            let row = scene.row(&webhook, &event).await;
            assert_eq!((row.state, row.round), (DeliveryState::Delivered, 1), "{order:?}, {answers:?}");
            // There are as many attempts as the receiver needs to accept once, and no others.
            assert_eq!(receiver.count() - before, answers.len(), "{order:?}, {answers:?}");
            assert!(scene.world.aws.sqs.messages(DEAD_LETTER).is_empty(), "{order:?}, {answers:?}");
        }
    }
}

#[tokio::test]
async fn what_had_been_delivered_is_not_delivered_by_either() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500)]);
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    let event = scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    let letter = scene.world.aws.sqs.messages(DEAD_LETTER)[0].body.clone();
    receiver.script("/hook", [Answer::Status(200)]);
    scene.world.aws.sqs.redrive(DEAD_LETTER, DELIVERIES);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered);
    let before = receiver.count();

    scene.world.aws.sqs.put(DELIVERIES, &letter);
    let recovery = scene.recovery(Some(&webhook), &[Recoverable::Held, Recoverable::Dead, Recoverable::Missing]);
    scene.begin(&recovery).await;
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), before);
    assert_eq!(scene.stored(&recovery).await.progress.recovered, 0);
}
