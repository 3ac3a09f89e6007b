//! Webhooks that are disabled, paused or deleted.

use aws_sdk_dynamodb::types::AttributeValue;
use shared::delivery::DeliveryState;
use shared::queue::job::{DeliverJob, Job, ReleaseHeld};
use shared::unknown_fields::UnknownFields;
use shared::webhook::{DisabledReason, Webhook, WebhookStatus};
use support::world::DELIVERIES;
use support::{Answer, Receiver};

use crate::Scene;

const REQUESTED: WebhookStatus = WebhookStatus::Disabled { reason: DisabledReason::Requested };

async fn disabled(scene: &Scene, url: &str) -> Webhook {
    let webhook = scene.world.webhook_with(scene.tenant, url, |mut webhook| {
        webhook.status = REQUESTED;
        webhook
    });
    webhook.await.unwrap()
}

pub(crate) fn recover(scene: &Scene, webhook: &Webhook) {
    let job = Job::ReleaseHeld(ReleaseHeld {
        tenant: scene.tenant,
        webhook: webhook.id,
        after: None,
        unknown: UnknownFields::default(),
    });
    scene.world.aws.sqs.put(DELIVERIES, &job.to_json());
}

#[tokio::test]
async fn deliveries_are_held_while_disabled_and_all_arrive_once_enabled() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = disabled(&scene, &receiver.url("/hook")).await;
    let mut events = Vec::new();
    for number in 0..200 {
        events.push(scene.accept(&format!("event-{number}")).await);
    }
    scene.world.run_until_idle().await.unwrap();
    assert!(receiver.received("/hook").is_empty());
    assert_eq!(scene.row(&webhook, &events[0]).await.state, DeliveryState::Held);

    let enabled = Webhook { status: WebhookStatus::Enabled, ..webhook.clone() };
    scene.world.registry.webhook_writer.replace(&enabled, None).await.unwrap();
    recover(&scene, &webhook);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/hook").len(), events.len());
    for event in &events {
        assert_eq!(scene.row(&webhook, event).await.state, DeliveryState::Delivered);
    }
    // A second recovery finds no held deliveries.
    recover(&scene, &webhook);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/hook").len(), events.len());
}

#[tokio::test]
async fn deliveries_are_held_while_paused_first_ones_and_retries_and_all_arrive_afterwards() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500), Answer::Status(200)]);
    let webhook = scene.world.webhook(scene.tenant, &receiver.url("/hook")).await.unwrap();
    let failed = scene.accept("failed").await;
    scene.world.pump_stream().await.unwrap();
    scene.world.pump_queue(DELIVERIES).await;
    assert_eq!(receiver.count(), 1);

    let paused = Webhook { paused: true, ..webhook.clone() };
    scene.world.registry.webhook_writer.replace(&paused, None).await.unwrap();
    scene.world.clock.advance(jiff::SignedDuration::from_secs(31)); // past the cache
    let fresh = scene.accept("fresh").await;
    scene.world.run_until_idle().await.unwrap();
    for event in [&failed, &fresh] {
        assert_eq!(scene.row(&webhook, event).await.state, DeliveryState::Held);
    }
    // An early release does not send them, because the webhook is paused.
    recover(&scene, &webhook);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 1);

    let resumed = Webhook { paused: false, revision: 2, ..webhook.clone() };
    scene.world.registry.webhook_writer.replace(&resumed, None).await.unwrap();
    recover(&scene, &webhook);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.count(), 3);
    for event in [&failed, &fresh] {
        assert_eq!(scene.row(&webhook, event).await.state, DeliveryState::Delivered);
    }
}

#[tokio::test]
async fn what_a_stale_cache_would_hold_after_the_enabling_is_delivered() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = disabled(&scene, &receiver.url("/hook")).await;
    scene.accept("first").await;
    scene.world.run_until_idle().await.unwrap();
    // The room has the disabled webhook in its cache. The next job comes long after the release of the held deliveries.
    let enabled = Webhook { status: WebhookStatus::Enabled, ..webhook.clone() };
    scene.world.registry.webhook_writer.replace(&enabled, None).await.unwrap();
    let late = scene.accept("late").await;
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &late).await.state, DeliveryState::Delivered);
}

#[tokio::test]
async fn deliveries_of_a_deleted_webhook_end_as_discarded() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = disabled(&scene, &receiver.url("/hook")).await;
    let held = scene.accept("held").await;
    scene.world.run_until_idle().await.unwrap();
    let queued = scene.accept("queued").await;
    scene.world.pump_stream().await.unwrap();
    scene.world.registry.webhook_writer.delete(scene.tenant, webhook.id, scene.world.clock.now()).await.unwrap();
    recover(&scene, &webhook);
    scene.world.clock.advance(jiff::SignedDuration::from_secs(31)); // past the cache
    scene.world.run_until_idle().await.unwrap();
    for event in [&held, &queued] {
        assert_eq!(scene.row(&webhook, event).await.state, DeliveryState::Discarded);
    }
    assert!(receiver.received("/hook").is_empty());
}

#[tokio::test]
async fn what_a_stale_cache_would_hold_after_the_deletion_is_discarded() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = disabled(&scene, &receiver.url("/hook")).await;
    scene.accept("first").await;
    scene.world.run_until_idle().await.unwrap();
    // The room has the disabled webhook in its cache. The next job comes long after the job that ends held deliveries.
    scene.world.registry.webhook_writer.delete(scene.tenant, webhook.id, scene.world.clock.now()).await.unwrap();
    let job = Job::first(webhook.id, &scene.accept("late").await);
    scene.world.aws.sqs.put(DELIVERIES, &job.to_json());
    scene.world.run_until_idle().await.unwrap();
    let Job::Deliver(late) = job else { panic!("a delivery") };
    let row = scene.world.deliveries.get(scene.tenant, webhook.id, late.event).await.unwrap().unwrap();
    assert_eq!(row.state, DeliveryState::Discarded);
}

#[tokio::test]
async fn two_copies_of_a_recovered_job_that_was_held_again_are_one_attempt() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = disabled(&scene, &receiver.url("/hook")).await;
    let event = scene.accept("held").await;
    scene.world.run_until_idle().await.unwrap();
    // The delivery is recovered, and held again in its new round. The page was sent three times, so two copies are
    // still to come.
    let job = Job::Deliver(DeliverJob {
        tenant: scene.tenant,
        webhook: webhook.id,
        event: event.id,
        round: 1,
        inline: None,
        resend: false,
        slot: None,
        unknown: UnknownFields::default(),
    });
    scene.world.aws.sqs.put(DELIVERIES, &job.to_json());
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&webhook, &event).await.round, 1);
    let enabled = Webhook { status: WebhookStatus::Enabled, ..webhook.clone() };
    scene.world.registry.webhook_writer.replace(&enabled, None).await.unwrap();
    scene.world.aws.sqs.put(DELIVERIES, &job.to_json());
    scene.world.aws.sqs.put(DELIVERIES, &job.to_json());
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(receiver.received("/hook").len(), 1);
    assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered);
}

/// Rows that were held before the index had shards are in one partition for each webhook and state.
#[tokio::test]
async fn what_was_held_before_the_index_had_shards_is_recovered_with_the_rest() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let webhook = disabled(&scene, &receiver.url("/hook")).await;
    let mut events = Vec::new();
    for number in 0..20 {
        events.push(scene.accept(&format!("event-{number}")).await);
    }
    scene.world.run_until_idle().await.unwrap();
    let dynamo = aws_sdk_dynamodb::Client::new(&scene.world.sdk);
    let rows = scene.world.aws.scan_unbroken("deliveries").unwrap();
    for row in rows.iter().take(10) {
        let unsharded = AttributeValue::S(format!("{}#held", webhook.id));
        let call =
            dynamo.update_item().table_name("deliveries").key("pk", row["pk"].clone()).key("sk", row["sk"].clone());
        let call = call.update_expression("SET hd_pk = :pk").expression_attribute_values(":pk", unsharded);
        call.send().await.unwrap();
    }
    let enabled = Webhook { status: WebhookStatus::Enabled, ..webhook.clone() };
    scene.world.registry.webhook_writer.replace(&enabled, None).await.unwrap();
    recover(&scene, &webhook);
    scene.world.run_until_idle().await.unwrap();
    for event in &events {
        assert_eq!(scene.row(&webhook, event).await.state, DeliveryState::Delivered);
    }
    assert_eq!(receiver.received("/hook").len(), events.len());
}
