//! A function that has no descriptor left. That is no attempt, and says nothing about the receiver.

use jiff::SignedDuration;
use shared::address_policy::AddressPolicy;
use shared::breaker::Breaker;
use shared::delivery::{DeliveryState, Outcome};
use shared::outbound::Outbound;
use support::world::DELIVERIES;

use crate::Scene;

#[tokio::test]
async fn a_delivery_comes_back_and_nothing_is_counted_against_its_receiver() {
    let scene = Scene::start().await;
    let world = &scene.world;
    let webhook = scene.webhook_with("https://receiver.example/hook", |webhook| webhook).await;
    let event = scene.accept("event").await;
    world.pump_stream().await.unwrap();
    let outbound = Outbound::without_descriptors_for(AddressPolicy::public_only(), &["receiver.example"]).unwrap();
    let short = world.another_deliver(|_| {}).unwrap().with_outbound(outbound);
    for _ in 0..3 {
        assert_eq!(world.pump_queue_with(DELIVERIES, &short).await, 1);
        world.clock.advance(SignedDuration::from_mins(10));
    }
    // A message that comes back claims its attempt, which writes a row.
    let row = scene.row(&webhook, &event).await;
    assert_eq!((row.attempts.len(), row.round_attempts), (0, 0), "nothing was attempted: {row:?}");
    let breaker = world.registry.breakers.get(scene.tenant, webhook.id).await.unwrap();
    assert!(matches!(breaker, Breaker::Closed { failures: 0, .. }), "{breaker:?}");

    // The world's own function has descriptors. It does not reach the receiver, and that is an attempt.
    world.pump_queue(DELIVERIES).await;
    let row = scene.row(&webhook, &event).await;
    assert!(matches!(row.state, DeliveryState::Waiting { .. }), "{row:?}");
    assert_eq!(row.attempts.len(), 1);
    assert!(!matches!(row.attempts[0].outcome, Outcome::Delivered { .. }), "{row:?}");
}
