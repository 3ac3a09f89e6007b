//! Rows that a newer release has written. A job that meets such a row waits until the row can be read, and other jobs
//! do not notice it.

use jiff::SignedDuration;
use serde_json::{Value, json};
use shared::delivery::DeliveryState;
use shared::queue::job::{Job, ReleaseHeld, Sweep};
use shared::unknown_fields::UnknownFields;
use shared::webhook::Webhook;
use support::world::{DEAD_LETTER, DELIVERIES, RETRIES, SLOW};
use support::{Answer, Receiver};

use crate::{Scene, failing};

/// Changes of a webhook's row after which this release cannot act for the webhook.
pub(crate) fn spoilt() -> Vec<(&'static str, Value)> {
    vec![
        ("dialect", json!({ "S": "zz_new" })),
        ("retry_policy", json!({ "S": "zz_new" })),
        ("disabled", json!({ "S": "zz_new" })),
        ("types", json!({ "L": [{ "S": "zz_new" }, { "S": "email.delivered" }] })),
        ("secret", json!({ "S": "zz:9:sealed in another form" })),
        ("v", json!({ "N": "3" })),
        ("v", json!({ "S": "not a version" })),
    ]
}

impl Scene {
    /// Lets the queues run for this long, in steps of a quarter of an hour.
    async fn live(&self, time: SignedDuration) {
        let end = self.world.clock.now() + time;
        while self.world.clock.now() < end {
            self.world.pump_stream().await.unwrap();
            for queue in [DELIVERIES, RETRIES, SLOW] {
                while self.world.pump_queue(queue).await > 0 {}
            }
            self.world.clock.advance(SignedDuration::from_mins(15));
        }
    }
}

#[tokio::test]
async fn the_jobs_of_an_unreadable_webhook_wait_for_days_and_those_of_others_do_not() {
    for (field, value) in spoilt() {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        let webhook = scene.webhook_with(&receiver.url("/newer"), |webhook| webhook).await;
        scene.webhook_with(&receiver.url("/other"), |webhook| webhook).await;
        let key = format!("W#{}", webhook.id);
        let good = scene.world.edit_row("registry", &key, |row| row[field] = value.clone()).unwrap();
        scene.world.aws.sqs.put(DELIVERIES, &Job::Sweep(Sweep::default()).to_json());
        for number in 0..3 {
            scene.accept(&format!("event {number}")).await;
        }
        // A message is sent anew when it is a week old.
        let days = if field == "dialect" { 8 } else { 2 };
        scene.live(SignedDuration::from_hours(days * 24)).await;
        assert_eq!(receiver.received("/other").len(), 3, "{field}");
        assert_eq!(receiver.received("/newer").len(), 0, "{field}");
        assert!(scene.world.aws.sqs.messages(DEAD_LETTER).is_empty(), "{field}");
        let waiting = scene.world.aws.sqs.messages(RETRIES);
        assert_eq!(waiting.len(), 3, "{field}");
        // SQS moves a message to the dead-letter queue after 1,000 receives.
        assert!(waiting.iter().all(|message| message.receives < 300), "{field}: {waiting:?}");

        scene.world.put_row("registry", good).unwrap();
        scene.world.run_until_idle().await.unwrap();
        assert_eq!(receiver.received("/newer").len(), 3, "{field}");
        assert_eq!(receiver.received("/other").len(), 3, "{field}");
    }
}

#[tokio::test]
async fn a_delivery_in_a_state_that_is_not_known_is_not_acted_on() {
    for (field, value) in [
        ("state", json!({ "S": "zz_new" })),
        ("type", json!({ "S": "zz.new" })),
        ("v", json!({ "N": "2" })),
        ("attempts", json!({ "L": [{ "M": { "n": { "N": "1" } } }] })),
    ] {
        let (scene, receiver, webhook) =
            Scene::with_hook([Answer::Status(500), Answer::Status(200)], failing(&[60, 60])).await;
        let event = scene.begun("a").await;
        let key = event.id.to_string();
        let good = scene.world.edit_row("deliveries", &key, |row| row[field] = value.clone()).unwrap();
        scene.live(SignedDuration::from_hours(3 * 24)).await;
        assert_eq!(receiver.received("/hook").len(), 1, "{field}");
        assert!(scene.world.aws.sqs.messages(DEAD_LETTER).is_empty(), "{field}");
        scene.world.put_row("deliveries", good).unwrap();
        scene.world.run_until_idle().await.unwrap();
        assert_eq!(scene.row(&webhook, &event).await.state, DeliveryState::Delivered, "{field}");
        assert_eq!(receiver.received("/hook").len(), 2, "{field}");
    }
}

/// One held delivery that cannot be read keeps no other one asleep.
#[tokio::test]
async fn a_release_goes_on_behind_a_delivery_that_cannot_be_read() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    let paused = scene.webhook_with(&receiver.url("/hook"), |webhook| Webhook { paused: true, ..webhook }).await;
    let (newer, other) = (scene.begun("newer").await, scene.begun("other").await);
    scene.world.edit_row("deliveries", &newer.id.to_string(), |row| row["type"] = json!({ "S": "zz.new" })).unwrap();
    let resumed = Webhook { paused: false, ..paused };
    scene.world.registry.webhook_writer.replace(&resumed, None).await.unwrap();
    let release =
        ReleaseHeld { tenant: scene.tenant, webhook: resumed.id, after: None, unknown: UnknownFields::default() };
    scene.world.aws.sqs.put(DELIVERIES, &Job::ReleaseHeld(release).to_json());
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(scene.row(&resumed, &other).await.state, DeliveryState::Delivered);
    assert_eq!(receiver.received("/hook").len(), 1);
}
