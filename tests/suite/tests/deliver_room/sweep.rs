//! The hourly sweep.

use jiff::SignedDuration;
use serde_json::json;
use shared::breaker::BreakerSettings;
use shared::delivery::DeliveryState;
use shared::queue::job::{Job, Sweep};
use shared::webhook::{DisabledReason, Webhook, WebhookStatus};
use support::world::{DEAD_LETTER, DELIVERIES};
use support::{Answer, Receiver, World};

use crate::Scene;

#[tokio::test]
async fn what_is_held_without_a_reason_is_recovered_and_the_rest_stays() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let disabled =
        |webhook: Webhook| Webhook { status: WebhookStatus::Disabled { reason: DisabledReason::Requested }, ..webhook };
    let forgotten = scene.world.webhook_with(scene.tenant, &receiver.url("/forgotten"), disabled).await.unwrap();
    let off = scene.world.webhook_with(scene.tenant, &receiver.url("/off"), disabled).await.unwrap();
    receiver.script("/down", [Answer::Status(500)]);
    let url = receiver.url("/down");
    let down = scene.world.webhook_with(scene.tenant, &url, |webhook| Webhook {
        breaker: BreakerSettings { failures: 1, window_seconds: 0, disable_after_hours: 720 },
        ..webhook
    });
    let down = down.await.unwrap();
    let event = scene.accept("held").await;
    scene.world.pump_stream().await.unwrap();
    scene.world.pump_queue(DELIVERIES).await;
    // The webhook was enabled, and the function that enabled it crashed before it sent the recover job.
    let enabled = Webhook { status: WebhookStatus::Enabled, ..forgotten.clone() };
    scene.world.registry.webhook_writer.replace(&enabled, None).await.unwrap();
    // There are more tenants than one job looks at.
    for _ in 0..12 {
        scene.world.tenant().await.unwrap();
    }

    scene.world.aws.sqs.put(DELIVERIES, &Job::Sweep(Sweep::default()).to_json());
    for _ in 0..20 {
        scene.world.pump_queue(DELIVERIES).await;
    }
    assert_eq!(scene.row(&forgotten, &event).await.state, DeliveryState::Delivered);
    assert_eq!(receiver.received("/forgotten").len(), 1);
    assert_eq!(scene.row(&off, &event).await.state, DeliveryState::Held);
    assert_eq!(receiver.received("/down").len(), 1, "{:?}", scene.row(&down, &event).await);
}

#[tokio::test]
async fn a_breaker_whose_probe_was_lost_gets_it_once_more() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    scene.world.open_breaker(&webhook).await.unwrap();
    let event = scene.accept("held").await;
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Held);
    let sweep = Job::Sweep(Sweep::default()).to_json();

    // The probe is not overdue, so the sweep sends nothing.
    scene.world.aws.sqs.put(DELIVERIES, &sweep);
    scene.world.run_until_idle().await.unwrap();
    assert!(receiver.received("/hook").is_empty());
    scene.world.clock.advance(SignedDuration::from_hours(2));
    scene.world.aws.sqs.put(DELIVERIES, &sweep);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered);
}

/// A row that nobody can read, or a partition that is throttled, stops no other tenant's deliveries.
#[tokio::test]
async fn a_tenant_whose_webhooks_cannot_be_read_keeps_no_other_tenants_deliveries_asleep() {
    let world = World::start().await.unwrap();
    // The sweep comes to the tenants in the order of their creation.
    let spoiled = world.tenant().await.unwrap();
    let row = json!({ "pk": { "S": format!("T#{spoiled}") }, "sk": { "S": "W#wh_00000000000000000000000000" } });
    world.aws.put_unbroken("registry", vec![row]).unwrap();
    let tenant = world.tenant().await.unwrap();
    let scene = Scene { world, tenant };
    let receiver = Receiver::start().await.unwrap();
    let paused = scene.webhook_with(&receiver.url("/hook"), |webhook| Webhook { paused: true, ..webhook }).await;
    let event = scene.begun("held").await;
    let resumed = Webhook { paused: false, ..paused };
    scene.world.registry.webhook_writer.replace(&resumed, None).await.unwrap();
    scene.world.aws.sqs.put(DELIVERIES, &Job::Sweep(Sweep::default()).to_json());
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&resumed, &event).await.state, DeliveryState::Delivered);
    assert!(scene.world.aws.sqs.messages(DEAD_LETTER).is_empty());
}

/// One invocation has no time for all webhooks of a large tenant.
#[tokio::test]
async fn a_tenant_with_many_webhooks_is_looked_at_in_several_jobs_and_so_is_everybody_behind_it() {
    let scene = Scene::start().await;
    for number in 0..205 {
        scene.world.new_webhook_with(scene.tenant, &format!("http://127.0.0.1:9/{number}"), |it| it).await.unwrap();
    }
    let spoiled = json!({ "pk": { "S": "TENANTS" }, "sk": { "S": format!("{}x", scene.tenant) } });
    scene.world.aws.put_unbroken("registry", vec![spoiled]).unwrap();
    let next = Scene { tenant: scene.world.tenant().await.unwrap(), world: scene.world };
    let receiver = Receiver::start().await.unwrap();
    let paused = next.webhook_with(&receiver.url("/hook"), |webhook| Webhook { paused: true, ..webhook }).await;
    let event = next.begun("held").await;
    let resumed = Webhook { paused: false, ..paused };
    next.world.registry.webhook_writer.replace(&resumed, None).await.unwrap();
    next.world.aws.take_calls();
    next.world.aws.sqs.put(DELIVERIES, &Job::Sweep(Sweep::default()).to_json());
    let mut most = 0;
    for _ in 0..3 {
        next.world.pump_queue(DELIVERIES).await;
        let calls = next.world.aws.take_calls();
        most = most.max(calls.iter().filter(|call| call.operation == "DynamoDB.Query").count());
    }
    assert!((1_700..1_800).contains(&most), "{most} queries in an invocation");
    next.world.run_until_idle().await.unwrap();
    assert_eq!(next.row(&resumed, &event).await.state, DeliveryState::Delivered);
}
