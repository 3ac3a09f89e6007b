//! One job's trouble stays its own.

use std::time::{Duration, Instant};

use shared::delivery::{DeliveryState, Outcome};
use tests::support::world::DELIVERIES;
use tests::support::{Answer, Receiver};

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
    // All ten are in one batch. The healthy nine are received while the first hangs: before the batch is over.
    let others_served = async {
        let begun = Instant::now();
        while !(1..10).all(|number| !receiver.received(&format!("/{number}")).is_empty()) {
            assert!(begun.elapsed() < Duration::from_secs(30), "the others never came");
            tokio::task::yield_now().await;
        }
        Instant::now()
    };
    let batch = async {
        assert_eq!(scene.world.pump_queue(DELIVERIES).await, 10);
        Instant::now()
    };
    let (served, over) = tokio::join!(others_served, batch);
    assert!(served < over, "the others waited for the hanging one");
    let hung = scene.row(&webhooks[0], &event).await;
    assert_eq!(hung.attempts[0].outcome, Outcome::Timeout);
    assert!(matches!(hung.state, DeliveryState::Waiting { .. }));
}
