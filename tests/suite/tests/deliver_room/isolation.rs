//! The failure of one job does not reach the other jobs.

use shared::delivery::{DeliveryState, Outcome};
use support::seed::TIMEOUT;
use support::world::DELIVERIES;
use support::{Answer, Receiver};

use crate::Scene;

#[tokio::test]
async fn a_hanging_receiver_does_not_delay_the_others_of_its_batch() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/0", [Answer::Hang]);
    let mut webhooks = Vec::new();
    for number in 0..10 {
        webhooks.push(scene.world.webhook(scene.tenant, &receiver.url(&format!("/{number}"))).await.unwrap());
    }
    let event = scene.accept("a").await;
    scene.world.pump_stream().await.unwrap();
    // All ten jobs are in one batch. The time limit of the first expires only after the other nine deliveries have
    // arrived: if they waited for the first, this would never end.
    let others_served = async {
        for number in 0..10 {
            receiver.reached(&format!("/{number}"), 1).await;
        }
        scene.world.pass(TIMEOUT).await;
    };
    let (count, ()) = tokio::join!(scene.world.pump_queue(DELIVERIES), others_served);
    assert_eq!(count, 10);
    let hung = scene.row(&webhooks[0], &event).await;
    assert_eq!(hung.attempts[0].outcome, Outcome::Timeout);
    assert!(matches!(hung.state, DeliveryState::Waiting { .. }));
}
