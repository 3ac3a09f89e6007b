//! Operational events: each change that they report is told once, to the webhooks that asked for it, and never to the
//! webhook that it is about.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use shared::breaker::BreakerSettings;
use shared::delivery::DeliveryState;
use shared::event::EventType;
use shared::queue::job::{DeliverJob, Job};
use shared::retry::{Delays, RetryPolicy};
use shared::unknown_fields::UnknownFields;
use shared::webhook::{DisabledReason, WantedTypes, Webhook, WebhookStatus};
use support::catalogue::validates;
use support::world::{DEAD_LETTER, DELIVERIES, RETRIES};
use support::{Answer, Break, Call, Receiver, World};

use crate::Scene;
use crate::breaker::run_now;

/// A breaker that opens at the third failure, at once, and gives up after two hours.
const QUICK: BreakerSettings = BreakerSettings { failures: 3, window_seconds: 0, disable_after_hours: 2 };
/// A breaker that never opens in these tests.
const PATIENT: BreakerSettings = BreakerSettings { failures: 1_000, window_seconds: 86_400, disable_after_hours: 720 };

fn operational() -> WantedTypes {
    WantedTypes::Only(EventType::OPERATIONAL.iter().copied().collect())
}

/// A webhook at `/watch` that wants every operational event and nothing else.
async fn watcher(scene: &Scene, receiver: &Receiver) -> Webhook {
    let watching = |mut webhook: Webhook| {
        webhook.subscription.types = operational();
        webhook
    };
    scene.webhook_with(&receiver.url("/watch"), watching).await
}

/// A webhook at `/hook` that wants every type, with a description.
async fn watched(scene: &Scene, receiver: &Receiver, breaker: BreakerSettings, delays: &[i64]) -> Webhook {
    let retry_policy = RetryPolicy::Custom(Delays::new(delays).unwrap());
    let change = |webhook| Webhook { breaker, retry_policy, description: "Orders".to_owned(), ..webhook };
    scene.webhook_with(&receiver.url("/hook"), change).await
}

/// The bodies that arrived at `/watch`, with words in place of values that are new in each run. Checks that every body
/// is as the catalogue promises.
fn heard(receiver: &Receiver, webhook: &Webhook) -> String {
    let mut lines = Vec::new();
    for body in receiver.heard("/watch").unwrap() {
        let event_type = body["type"].as_str().unwrap();
        validates(event_type, &body).unwrap_or_else(|faults| panic!("{event_type}: {faults}"));
        let mut data = body["data"].clone();
        let data = data.as_object_mut().unwrap();
        data.remove("event_id");
        assert_eq!(data.remove("source").unwrap()["provider"], "mailhooks");
        if let Some(since) = data["webhook"].get_mut("since") {
            let time = |value: &Value| value.as_str().unwrap().parse::<Timestamp>().unwrap();
            assert!(time(since) <= time(&body["timestamp"]));
            *since = json!("TIME");
        }
        if let Some(delivery) = data.get_mut("delivery") {
            assert!(delivery["event_id"].as_str().unwrap().starts_with("evt_"));
            delivery["event_id"] = json!("EVENT");
        }
        let line = format!("{event_type} {}", Value::Object(data.clone()));
        lines.push(line.replace(&webhook.id.to_string(), "WEBHOOK"));
    }
    lines.join("\n")
}

/// The types of the events that arrived at `/watch`, in order.
fn types(receiver: &Receiver) -> Vec<String> {
    let bodies = receiver.heard("/watch").unwrap();
    bodies.iter().map(|body| body["type"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_outage_is_told_when_it_begins_and_when_it_ends() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [500, 500, 500, 500, 200].map(Answer::Status));
    let watcher = watcher(&scene, &receiver).await;
    let webhook = watched(&scene, &receiver, QUICK, &[1, 2, 4]).await;
    for key in ["a", "b", "c"] {
        scene.accept(key).await;
    }
    scene.world.run_until_idle().await.unwrap();
    insta::assert_snapshot!(heard(&receiver, &webhook), @r#"
    webhook.opened {"webhook":{"description":"Orders","id":"WEBHOOK","since":"TIME"}}
    webhook.closed {"webhook":{"description":"Orders","id":"WEBHOOK","reason":"recovered","since":"TIME"}}
    "#);
    assert_eq!(scene.world.disagreements().unwrap(), [""; 0]);
    let posts = receiver.received("/watch");
    assert_eq!(posts.len(), 2);
    assert!(posts.iter().all(|post| post.verifies_with(watcher.secrets.current.expose())));
    // `*` does not include operational events.
    let got = receiver.heard("/hook").unwrap();
    assert!(got.iter().all(|body| body["type"] == "email.delivered"), "{got:?}");
}

#[tokio::test]
async fn a_probe_that_finds_nothing_held_says_so() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [500, 500, 500, 200].map(Answer::Status));
    watcher(&scene, &receiver).await;
    let webhook = watched(&scene, &receiver, QUICK, &[120]).await;
    for key in ["a", "b", "c"] {
        scene.accept(key).await;
    }
    scene.world.run_until_idle().await.unwrap();
    insta::assert_snapshot!(heard(&receiver, &webhook), @r#"
    webhook.opened {"webhook":{"description":"Orders","id":"WEBHOOK","since":"TIME"}}
    webhook.closed {"webhook":{"description":"Orders","id":"WEBHOOK","reason":"nothing_held","since":"TIME"}}
    "#);
    assert_eq!(scene.world.disagreements().unwrap(), [""; 0]);
}

#[tokio::test]
async fn an_outage_that_lasts_too_long_is_told_as_disabling() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500)]);
    watcher(&scene, &receiver).await;
    let webhook = watched(&scene, &receiver, QUICK, &[1, 2, 4]).await;
    for key in ["a", "b", "c", "d"] {
        scene.accept(key).await;
    }
    scene.world.run_until_idle().await.unwrap();
    insta::assert_snapshot!(heard(&receiver, &webhook), @r#"
    webhook.opened {"webhook":{"description":"Orders","id":"WEBHOOK","since":"TIME"}}
    webhook.disabled {"webhook":{"description":"Orders","id":"WEBHOOK","reason":"failing","since":"TIME"}}
    "#);
    assert_eq!(scene.world.disagreements().unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_told_once_however_many_deliveries_it_refuses() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(410)]);
    watcher(&scene, &receiver).await;
    let webhook = watched(&scene, &receiver, QUICK, &[1]).await;
    for key in ["a", "b", "c"] {
        scene.accept(key).await;
    }
    // All three jobs are in one batch.
    scene.world.pump_stream().await.unwrap();
    assert_eq!(scene.world.pump_queue(DELIVERIES).await, 3);
    scene.world.run_until_idle().await.unwrap();
    let heard = heard(&receiver, &webhook);
    let mut lines: Vec<_> = heard.lines().collect();
    lines.sort_unstable();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    delivery.dead {"delivery":{"attempts":1,"event_id":"EVENT","event_type":"email.delivered","reason":"gone"},"webhook":{"description":"Orders","id":"WEBHOOK"}}
    delivery.dead {"delivery":{"attempts":1,"event_id":"EVENT","event_type":"email.delivered","reason":"gone"},"webhook":{"description":"Orders","id":"WEBHOOK"}}
    delivery.dead {"delivery":{"attempts":1,"event_id":"EVENT","event_type":"email.delivered","reason":"gone"},"webhook":{"description":"Orders","id":"WEBHOOK"}}
    webhook.disabled {"webhook":{"description":"Orders","id":"WEBHOOK","reason":"gone"}}
    "#);
    assert_eq!(scene.world.disagreements().unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_receiver_that_wants_no_more_is_told_although_it_accepted() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Full(200, vec![("webhook-delivery", "disable".to_owned())], Vec::new())]);
    watcher(&scene, &receiver).await;
    let webhook = watched(&scene, &receiver, QUICK, &[1]).await;
    scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    insta::assert_snapshot!(heard(&receiver, &webhook), @r#"webhook.disabled {"webhook":{"description":"Orders","id":"WEBHOOK","reason":"receiver_asked"}}"#);
    assert_eq!(scene.world.disagreements().unwrap(), [""; 0]);
}

#[tokio::test]
async fn each_death_of_a_delivery_is_told_once() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500)]);
    watcher(&scene, &receiver).await;
    let webhook = watched(&scene, &receiver, PATIENT, &[1]).await;
    let event = scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    insta::assert_snapshot!(heard(&receiver, &webhook), @r#"delivery.dead {"delivery":{"attempts":2,"event_id":"EVENT","event_type":"email.delivered","reason":"attempts_exhausted"},"webhook":{"description":"Orders","id":"WEBHOOK"}}"#);
    let told = receiver.heard("/watch").unwrap();
    assert_eq!(told[0]["data"]["delivery"]["event_id"], event.id.to_string());
    assert_eq!(scene.world.disagreements().unwrap(), [""; 0]);

    // Two copies of the same dead letter come at once: the delivery dies one more time, and not two more times.
    let letter = scene.world.aws.sqs.messages(DEAD_LETTER)[0].body.clone();
    scene.world.aws.sqs.redrive(DEAD_LETTER, DELIVERIES);
    scene.world.aws.sqs.put(DELIVERIES, &letter);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(types(&receiver), ["delivery.dead"; 2]);
    // A job of a round that is over tells nothing.
    scene.world.aws.sqs.put(DELIVERIES, &letter);
    scene.world.run_until_idle().await.unwrap();
    assert_eq!(types(&receiver), ["delivery.dead"; 2]);
}

#[tokio::test]
async fn an_event_that_expired_is_told_without_attempts_and_once_for_two_copies_of_its_job() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    watcher(&scene, &receiver).await;
    let webhook = watched(&scene, &receiver, PATIENT, &[1]).await;
    let event = scene.world.event(scene.tenant, "expired").id;
    let job = DeliverJob {
        tenant: scene.tenant,
        webhook: webhook.id,
        event,
        round: 0,
        inline: None,
        resend: false,
        slot: None,
        unknown: UnknownFields::default(),
    };
    // A first copy of the job leaves a row that waits, so that the other two copies find a row.
    let row = shared::store::deliveries::Change {
        tenant: scene.tenant,
        webhook: webhook.id,
        event,
        event_type: EventType::Bounced,
        expected: shared::delivery::job_verdict::RowCondition::Absent,
        round: 0,
        round_attempts: 0,
        attempt: None,
        drop_old_attempts: false,
        state: DeliveryState::Waiting { next_attempt_at: scene.world.clock.now() },
        now: scene.world.clock.now(),
    };
    scene.world.deliveries.write(&row).await.unwrap();
    for _ in 0..2 {
        scene.world.aws.sqs.put(RETRIES, &Job::Deliver(job.clone()).to_json());
    }
    assert_eq!(scene.world.pump_queue(RETRIES).await, 2);
    scene.world.run_until_idle().await.unwrap();
    insta::assert_snapshot!(heard(&receiver, &webhook), @r#"delivery.dead {"delivery":{"attempts":0,"event_id":"EVENT","event_type":"email.bounced","reason":"event_expired"},"webhook":{"description":"Orders","id":"WEBHOOK"}}"#);
    assert_eq!(scene.world.disagreements().unwrap(), [""; 0]);
}

#[tokio::test]
async fn changes_of_a_watcher_are_told_to_others_and_never_as_a_death() {
    let scene = Scene::start().await;
    let receiver = Receiver::start().await.unwrap();
    receiver.script("/hook", [Answer::Status(500)]);
    receiver.script("/watch", [Answer::Status(500)]);
    let watcher = watcher(&scene, &receiver).await;
    watched(&scene, &receiver, PATIENT, &[]).await;
    scene.accept("a").await;
    scene.world.run_until_idle().await.unwrap();
    // The watcher never accepted the operational event: its delivery is a dead letter like others, and no event tells
    // of that.
    let told = scene.world.told().unwrap();
    assert_eq!(told.iter().map(|event| event.facts.event_type).collect::<Vec<_>>(), [EventType::DeliveryDead]);
    let row = scene.row(&watcher, &told[0]).await;
    assert!(matches!(row.state, DeliveryState::Dead { .. }));
    assert_eq!(scene.world.aws.sqs.messages(DEAD_LETTER).len(), 2);

    // The redriven delivery dies once more, and no event tells of that either. But its failed attempts open the
    // watcher's breaker like others, and that is told to everybody except the watcher.
    let stored = scene.world.registry.webhooks.get(scene.tenant, watcher.id).await.unwrap().unwrap();
    scene.world.registry.webhook_writer.replace(&Webhook { breaker: QUICK, ..stored }, None).await.unwrap();
    scene.world.clock.advance(SignedDuration::from_secs(31)); // past the cache
    scene.world.aws.sqs.redrive(DEAD_LETTER, DELIVERIES);
    scene.world.run_until_idle().await.unwrap();
    let about_itself = scene.world.told().unwrap().into_iter().filter(|event| {
        let about = event.facts.about.as_ref().unwrap();
        about.webhook == watcher.id
    });
    let about_itself: Vec<_> = about_itself.collect();
    assert!(about_itself.iter().any(|event| event.facts.event_type == EventType::WebhookOpened));
    for event in about_itself {
        assert_ne!(event.facts.event_type, EventType::DeliveryDead);
        assert_eq!(scene.world.deliveries.get(scene.tenant, watcher.id, event.id).await.unwrap(), None);
    }
    assert_eq!(scene.world.disagreements().unwrap(), [""; 0]);
}

/// Each of two webhooks is told only of the other one, and both are down: this ends with both disabled.
#[tokio::test]
async fn two_that_are_down_and_listen_to_each_other_cause_no_endless_loop() {
    for failures in [1, 2, 3] {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        let mut webhooks = Vec::new();
        for path in ["/one", "/two"] {
            receiver.script(path, [Answer::Status(500)]);
            let change = |mut webhook: Webhook| {
                let mut types: BTreeSet<_> = EventType::OPERATIONAL.iter().copied().collect();
                types.insert(EventType::Delivered);
                webhook.subscription.types = WantedTypes::Only(types);
                Webhook { breaker: BreakerSettings { failures, ..QUICK }, ..webhook }
            };
            webhooks.push(scene.webhook_with(&receiver.url(path), change).await);
        }
        for key in ["a", "b", "c"] {
            scene.accept(key).await;
        }
        scene.world.run_until_idle().await.unwrap();
        for webhook in &webhooks {
            let stored = scene.world.registry.webhooks.get(scene.tenant, webhook.id).await.unwrap().unwrap();
            assert_eq!(stored.status, WebhookStatus::Disabled { reason: DisabledReason::Failing }, "{failures}");
        }
        let told = scene.world.told().unwrap().len();
        assert!((4..=40).contains(&told), "{told} events at {failures} failures");
        assert!(receiver.count() < 80, "{} posts at {failures} failures", receiver.count());
        assert_eq!(scene.world.disagreements().unwrap(), [""; 0], "{failures}");
    }
}

/// What an operational event adds to the cost of a death, in write units. In a transaction the write of the row counts
/// twice, and so does the write of the event.
#[tokio::test]
async fn a_death_costs_little_more_for_being_told() {
    let mut costs = Vec::new();
    // The delivery is of an event whose death is told, or of an operational event, whose death is not told.
    for (owed, note) in [("email", 0), ("email", 300), ("operational", 0)] {
        let scene = Scene::start().await;
        let receiver = Receiver::start().await.unwrap();
        receiver.script("/hook", [Answer::Status(500)]);
        let mut event = scene.world.event(scene.tenant, "a");
        if owed == "operational" {
            event.facts = shared::event::example(EventType::WebhookEnabled, "a", scene.world.clock.now());
        }
        let description = "n".repeat(note);
        let change =
            |webhook| Webhook { retry_policy: RetryPolicy::Custom(Delays::new(&[]).unwrap()), description, ..webhook };
        let webhook = scene.webhook_with(&receiver.url("/hook"), change).await;
        scene.world.aws.sqs.put(DELIVERIES, &Job::first(webhook.id, &event).to_json());
        scene.world.aws.take_units();
        scene.world.pump_queue(DELIVERIES).await;
        costs.push(format!("{owed}, note of {note}: {}", scene.world.aws.take_units().writes));
    }
    insta::assert_snapshot!(costs.join("\n"), @"
    email, note of 0: 6
    email, note of 300: 6
    operational, note of 0: 3
    ");
}

/// A world in which everything happens that an operational event reports: an outage that ends, an outage that does not
/// end, a 410, a death.
struct Troubled {
    scene: Scene,
    receiver: Receiver,
}

impl Troubled {
    async fn in_world(world: World) -> Self {
        let tenant = world.tenant().await.unwrap();
        let scene = Scene { world, tenant };
        let receiver = Receiver::start().await.unwrap();
        watcher(&scene, &receiver).await;
        let quick = BreakerSettings { failures: 1, window_seconds: 0, disable_after_hours: 1 };
        for (path, answers, breaker) in [
            ("/back", vec![500, 200], quick),
            ("/down", vec![500], quick),
            ("/gone", vec![410], PATIENT),
            ("/dead", vec![500], PATIENT),
        ] {
            receiver.script(path, answers.into_iter().map(Answer::Status));
            let retry_policy = RetryPolicy::Custom(Delays::new(&[1]).unwrap());
            scene.webhook_with(&receiver.url(path), |webhook| Webhook { breaker, retry_policy, ..webhook }).await;
        }
        Self { scene, receiver }
    }

    /// Accepts an event and runs everything that follows from it, while the call that comes after `calls_before` others
    /// breaks as `how` says. Returns whether that call was made.
    async fn run(&self, calls_before: usize, how: Break) -> bool {
        self.scene.accept("a").await;
        self.scene.world.aws.take_calls();
        self.scene.world.aws.break_call(calls_before, how);
        run_now(&self.scene).await;
        // The delivery that waits for its second attempt comes back and is held. Then so much time passes that the
        // first probe is the last one.
        self.scene.world.clock.advance(SignedDuration::from_secs(2));
        run_now(&self.scene).await;
        self.scene.world.clock.advance(SignedDuration::from_hours(2));
        self.scene.world.run_until_idle().await.unwrap();
        !self.scene.world.aws.call_off_break()
    }

    /// Checks that state and events agree, and that the watcher got each event.
    fn assert_agreement(&self, what: &str) {
        let world = &self.scene.world;
        assert_eq!(world.disagreements().unwrap(), [""; 0], "{what}");
        let stored: BTreeSet<_> = world.told().unwrap().iter().map(|event| event.id.to_string()).collect();
        let heard: BTreeSet<_> =
            self.receiver.received("/watch").iter().map(|post| post.webhook_id().to_owned()).collect();
        assert_eq!(stored, heard, "{what}");
    }
}

/// Whether a call writes a table or sends a job. The crash tests break the calls that read.
fn is_write(call: &Call) -> bool {
    ["TransactWriteItems", "UpdateItem", "SendMessageBatch"].iter().any(|name| call.operation.ends_with(name))
}

/// Each write fails once, before or after it took effect, and is replayed as it would be in production.
#[tokio::test]
async fn state_and_events_agree_whichever_call_fails() {
    let undisturbed = Box::pin(Troubled::in_world(World::start().await.unwrap())).await;
    undisturbed.run(usize::MAX, Break::Before).await;
    undisturbed.assert_agreement("undisturbed");
    let mut types = types(&undisturbed.receiver);
    types.sort();
    insta::assert_snapshot!(types.join(" "), @"delivery.dead delivery.dead webhook.closed webhook.disabled webhook.disabled webhook.opened webhook.opened");
    let calls = undisturbed.scene.world.aws.take_calls();
    let transactions = calls.iter().filter(|call| call.operation == "DynamoDB.TransactWriteItems").count();
    assert!(transactions >= 6, "{transactions} transactions");
    for how in [Break::Before, Break::After] {
        for (index, call) in calls.iter().enumerate().filter(|(_, call)| is_write(call)) {
            let troubled = Box::pin(Troubled::in_world(World::start().await.unwrap())).await;
            let was_hit = troubled.run(index, how).await;
            // Jobs may come in other batches, so a run may make a few calls less.
            assert!(was_hit || index + 8 > calls.len(), "call {index} of {} was never made", calls.len());
            troubled.assert_agreement(&format!("call {index}, {call:?}, failed {how:?} its effect"));
        }
    }
}

/// The answer of each write is lost once, and the SDK repeats the call. Each write meets a transaction on the same row
/// once.
#[tokio::test]
async fn state_and_events_agree_whichever_call_is_repeated() {
    let undisturbed = Box::pin(Troubled::in_world(World::start_with_retries().await.unwrap())).await;
    undisturbed.run(usize::MAX, Break::Before).await;
    let calls = undisturbed.scene.world.aws.take_calls();
    for (index, call) in calls.iter().enumerate().filter(|(_, call)| is_write(call)) {
        for how in [Break::After, Break::Collision] {
            let troubled = Box::pin(Troubled::in_world(World::start_with_retries().await.unwrap())).await;
            troubled.run(index, how).await;
            troubled.assert_agreement(&format!("call {index}, {call:?}, {how:?}"));
        }
    }
}
