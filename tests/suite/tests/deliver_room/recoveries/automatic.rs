//! Releases: the held deliveries of a webhook come back by themselves when the webhook takes attempts again.

use jiff::SignedDuration;
use shared::delivery::DeliveryState;
use shared::queue::job::{Job, ReleaseHeld, Sweep};
use shared::recovery::DEFAULT_RATE_PER_SECOND;
use shared::unknown_fields::UnknownFields;
use support::Receiver;
use support::world::DELIVERIES;

use crate::Scene;

#[tokio::test]
async fn what_was_held_goes_out_at_a_bounded_rate() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    let count = 2 * DEFAULT_RATE_PER_SECOND as usize + 50;
    scene.stuck(&webhook, DeliveryState::Held, count).await;
    let job = Job::ReleaseHeld(ReleaseHeld {
        tenant: scene.tenant,
        webhook: webhook.id,
        after: None,
        unknown: UnknownFields::default(),
    });
    scene.world.aws.sqs.put(DELIVERIES, &job.to_json());
    let begun = scene.world.clock.now();
    scene.world.pump_queue(DELIVERIES).await;
    let taken = scene.world.clock.now();
    let sent = scene.world.aws.sqs.messages(DELIVERIES);
    assert_eq!(sent.len(), count);
    for second in 0..3 {
        let until = taken + SignedDuration::from_secs(second);
        let due = sent.iter().filter(|message| message.visible_at <= until).count();
        assert!(
            due <= DEFAULT_RATE_PER_SECOND as usize * (usize::try_from(second).unwrap() + 1),
            "{due} within {second} s"
        );
    }
    assert!(sent.iter().all(|message| message.visible_at >= begun));
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), count);
}

#[tokio::test]
async fn the_sweep_leaves_a_long_one_alone_and_takes_up_one_that_stands_still() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    scene.stuck(&webhook, DeliveryState::Held, 1_010).await;
    let job = Job::ReleaseHeld(ReleaseHeld {
        tenant: scene.tenant,
        webhook: webhook.id,
        after: None,
        unknown: UnknownFields::default(),
    });
    scene.world.aws.sqs.put(DELIVERIES, &job.to_json());
    scene.world.pump_queue(DELIVERIES).await;
    // All messages that the job sent are lost, the job for the rest included.
    assert_eq!(scene.world.aws.sqs.take(DELIVERIES, |_| true).len(), 1_001);

    let sweep = Job::Sweep(Sweep::default()).to_json();
    scene.world.aws.sqs.put(DELIVERIES, &sweep);
    scene.world.pump_queue(DELIVERIES).await;
    assert!(scene.world.aws.sqs.messages(DELIVERIES).is_empty(), "as if it got on");
    scene.world.clock.advance(SignedDuration::from_mins(16));
    scene.world.aws.sqs.put(DELIVERIES, &sweep);
    scene.world.pump_queue(DELIVERIES).await;
    let sent = scene.world.aws.sqs.messages(DELIVERIES);
    assert_eq!(sent.len(), 1);
    assert!(matches!(Job::from_json(&sent[0].body), Ok(Job::ReleaseHeld(_))));
}
