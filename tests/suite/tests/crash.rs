//! The crash test. Every AWS call that ingest, dispatch and deliver make fails twice, one call at a time: once before
//! it takes effect, and once after. The provider, the stream or the queue then replays what was interrupted. After
//! that, every event is delivered, waiting in a queue, or dead with a dead letter in the dead-letter queue. No event is
//! lost, and no event was acknowledged without being stored. `api_room/crashes.rs` does the same with the calls of
//! `api`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

use ingest::Ingest;
use serde_json::json;
use shared::delivery::DeliveryState;
use shared::id::{KeyId, TenantId};
use shared::provider::Provider;
use shared::retry::{Delays, RetryPolicy};
use shared::store::events::event_in_row;
use shared::stored_word::StoredWord;
use shared::tenant::{ApiKey, PresentedKey, Role};
use shared::webhook::{Webhook, WebhookStatus};
use support::amazon::Amazon;
use support::senders::Sender;
use support::signers::{JSON, Signed};
use support::world::DEAD_LETTER;
use support::{Answer, Break, Call, Receiver, World};

/// Maximum posts of one event. Reason: no single break needs as many.
const MAX_POSTS: usize = 5;

/// How the event comes in.
#[derive(Debug, Clone, Copy)]
enum Arrival {
    /// The tenant publishes the event.
    Own,
    /// This provider posts the event. With Mailgun, the token is stored; with SES, the certificate is fetched and
    /// stored.
    Posted(Provider),
}

struct Scene {
    world: World,
    receiver: Receiver,
    ingest: Ingest,
    /// The fake of Amazon's side. It serves requests until it is dropped.
    _amazon: Amazon,
    tenant: TenantId,
    arrival: Arrival,
    /// The API key, or the source's ingest key.
    key: String,
    /// The post that brings the event.
    post: Signed,
    /// Four webhooks. In order: the receiver accepts at once, fails twice, always fails, is gone.
    webhooks: [Webhook; 4],
}

impl Scene {
    async fn start(arrival: Arrival) -> Self {
        Self::in_world(World::start().await.unwrap(), arrival).await
    }

    async fn in_world(world: World, arrival: Arrival) -> Self {
        let receiver = Receiver::start().await.unwrap();
        receiver.script("/flaky", [Answer::Status(500), Answer::Status(500), Answer::Status(200)]);
        receiver.script("/down", [Answer::Status(500)]);
        receiver.script("/gone", [Answer::Status(410)]);
        let tenant = world.tenant().await.unwrap();
        let mut webhooks = Vec::new();
        for path in ["/ok", "/flaky", "/down", "/gone"] {
            // The last wait is longer than SQS's longest delay, so the waiting message is hidden instead of delayed.
            let retry_policy = RetryPolicy::Custom(Delays::new(&[1, 2, 1_200]).unwrap());
            let change = |webhook| Webhook { retry_policy, ..webhook };
            webhooks.push(world.webhook_with(tenant, &receiver.url(path), change).await.unwrap());
        }
        let amazon = Amazon::start().await.unwrap();
        let ingest = world.ingest(amazon.outbound());
        let (key, post) = match arrival {
            Arrival::Own => {
                let event = json!({"type": "email.delivered", "id": "crash-1", "timestamp": "2026-01-02T03:04:05Z"});
                let key = publish_key(&world, tenant).await;
                let authorization = format!("Bearer {key}");
                (key, Signed::plain(JSON, event.to_string()).with("authorization", authorization))
            }
            Arrival::Posted(provider) => {
                let sender = Sender::of(provider).unwrap();
                let (_, key) = world.source(tenant, provider, sender.trust().unwrap()).await.unwrap();
                let post = sender.post(key.expose(), 1, world.clock.now()).unwrap();
                (key.expose().to_owned(), post)
            }
        };
        world.aws.take_calls();
        let webhooks = webhooks.try_into().unwrap();
        Self { world, receiver, ingest, _amazon: amazon, tenant, arrival, key, post, webhooks }
    }

    /// Posts one event until the answer is 200, as a sender does. Returns the event's id.
    async fn publish(&self) -> shared::id::EventId {
        let path = match self.arrival {
            Arrival::Own => "/api/v1/events".to_owned(),
            Arrival::Posted(_) => format!("/api/webhooks/{}", self.key),
        };
        for _ in 0..MAX_POSTS {
            let answer = ingest::handle(self.post.request(&path).unwrap(), &self.ingest).await.unwrap();
            if answer.status() == 200 {
                let rows = self.world.event_rows().unwrap();
                assert_eq!(rows.len(), 1, "an acknowledged event has one row");
                return event_in_row(&rows[0]).unwrap().id;
            }
            assert_eq!(answer.status(), 503, "an error of ours is answered 503");
        }
        panic!("never accepted");
    }

    /// Runs everything that one event leads to.
    async fn run(&self) -> shared::id::EventId {
        let event = self.publish().await;
        self.world.run_until_idle().await.unwrap();
        event
    }

    async fn state(&self, webhook: &Webhook, event: shared::id::EventId) -> DeliveryState {
        let row = self.world.deliveries.get(self.tenant, webhook.id, event).await.unwrap();
        row.unwrap_or_else(|| panic!("no row for {}", webhook.url.masked())).state
    }

    async fn assert_nothing_lost(&self, event: shared::id::EventId, what: &str) {
        let [ok, flaky, down, gone] = &self.webhooks;
        assert!(self.world.events.get(self.tenant, event).await.unwrap().is_some(), "{what}: acknowledged, not stored");
        assert_eq!(self.state(ok, event).await, DeliveryState::Delivered, "{what}");
        assert_eq!(self.state(flaky, event).await, DeliveryState::Delivered, "{what}");
        assert!(!self.receiver.received("/ok").is_empty(), "{what}");
        let letters = self.world.aws.sqs.messages(DEAD_LETTER);
        let in_dead_letters = |webhook: &Webhook| {
            let id = webhook.id.to_string();
            letters.iter().any(|letter| letter.attributes["webhook"] == id)
        };
        assert!(matches!(self.state(down, event).await, DeliveryState::Dead { .. }), "{what}");
        assert!(in_dead_letters(down), "{what}: dead without a dead letter");
        // After a crash between disabling the webhook and sending the dead letter, the delivery may instead be held for
        // the disabled webhook.
        match self.state(gone, event).await {
            DeliveryState::Dead { .. } => assert!(in_dead_letters(gone), "{what}: dead without a dead letter"),
            DeliveryState::Held => {
                let webhook = self.world.registry.webhooks.get(self.tenant, gone.id).await.unwrap().unwrap();
                assert_ne!(webhook.status, WebhookStatus::Enabled, "{what}: held by an enabled webhook");
            }
            state => panic!("{what}: {state:?}"),
        }
    }
}

async fn publish_key(world: &World, tenant: TenantId) -> String {
    let now = world.clock.now();
    let id = KeyId::mint(now, [5; 10]);
    let key = PresentedKey::generate(id, [6; 32]);
    let secret_hash = key.hash();
    let stored = ApiKey {
        id,
        tenant: Some(tenant),
        role: StoredWord::Known(Role::Publish),
        name: String::new(),
        secret_hash,
        created_at: now,
    };
    world.registry.api_keys.create(&stored).await.unwrap();
    key.expose()
}

/// Fails each of a run's `calls`, before and after its effect. Returns how many breaks were not reached.
async fn fail_each(arrival: Arrival, calls: &[Call]) -> usize {
    let mut never_made = 0;
    for (index, call) in calls.iter().enumerate() {
        for how in [Break::Before, Break::After] {
            let (operation, resource) = (&call.operation, &call.resource);
            let what = format!("{arrival:?}: call {index}, {operation} on {resource}, failed {how:?} its effect");
            let scene = Scene::start(arrival).await;
            scene.world.aws.break_call(index, how);
            let event = scene.run().await;
            never_made += usize::from(scene.world.aws.call_off_break());
            scene.assert_nothing_lost(event, &what).await;
        }
    }
    never_made
}

#[tokio::test]
async fn every_call_fails_once_before_and_once_after_it_took_effect_and_nothing_is_lost() {
    let undisturbed = Scene::start(Arrival::Own).await;
    let event = undisturbed.run().await;
    let calls: Vec<Call> = undisturbed.world.aws.take_calls();
    undisturbed.assert_nothing_lost(event, "undisturbed").await;
    for operation in [
        "DynamoDB.GetItem",
        "DynamoDB.PutItem",
        "DynamoDB.UpdateItem",
        "SQS.SendMessageBatch",
        "SQS.ChangeMessageVisibilityBatch",
    ] {
        assert!(calls.iter().any(|call| call.operation == operation), "the run never makes {operation}");
    }
    let never_made = Box::pin(fail_each(Arrival::Own, &calls)).await;
    // Two waiting jobs may or may not come in one batch, depending on the millisecond. So a run may make one or two
    // calls fewer.
    assert!(never_made <= 6, "{never_made} breaks of {} were never reached", 2 * calls.len());
}

#[tokio::test]
async fn every_call_that_ingest_makes_for_a_providers_post_fails_once_and_nothing_is_lost() {
    // The reads of the key and the source; the rows of the token or the certificate; the event's row.
    for (provider, writes) in [(Provider::Mailgun, 2), (Provider::Ses, 2), (Provider::MailerSend, 1)] {
        let arrival = Arrival::Posted(provider);
        let undisturbed = Scene::start(arrival).await;
        undisturbed.publish().await;
        let calls: Vec<Call> = undisturbed.world.aws.take_calls();
        let written = calls.iter().filter(|call| call.operation == "DynamoDB.PutItem").count();
        assert_eq!(written, writes, "{arrival:?}: {calls:?}");
        assert_eq!(Box::pin(fail_each(arrival, &calls)).await, 0, "{arrival:?}");
    }
}

/// One read for the key, then two batches. Of each batch, every second statement may fail alone.
#[tokio::test]
async fn every_call_that_stores_several_events_fails_once_and_each_of_them_is_delivered() {
    const EVENTS: usize = 40;
    let event =
        |number| json!({"type": "email.sent", "id": format!("crash-{number}"), "timestamp": "2026-01-02T03:04:05Z"});
    let body = (0..EVENTS).map(event).collect::<serde_json::Value>().to_string();
    let failures = [
        Break::Before,
        Break::After,
        Break::Collision,
        Break::CutShort,
        Break::Statements("InternalServerError"),
        Break::Statements("AccessDenied"),
    ];
    for (how, index) in failures.into_iter().flat_map(|how| (0..3).map(move |index| (how, index))) {
        let what = format!("call {index}, {how:?}");
        let world = World::start().await.unwrap();
        let receiver = Receiver::start().await.unwrap();
        let tenant = world.tenant().await.unwrap();
        let webhook = world.webhook(tenant, &receiver.url("/ok")).await.unwrap();
        let authorization = format!("Bearer {}", publish_key(&world, tenant).await);
        let post = Signed::plain(JSON, body.clone()).with("authorization", authorization);
        let amazon = Amazon::start().await.unwrap();
        let ingest = world.ingest(amazon.outbound());
        world.aws.take_calls();
        world.aws.break_call(index, how);
        let mut status = 503;
        for _ in 0..MAX_POSTS {
            status = ingest::handle(post.request("/api/v1/events").unwrap(), &ingest).await.unwrap().status().as_u16();
            if status == 200 {
                break;
            }
            assert_eq!(status, 503, "{what}");
        }
        assert_eq!(status, 200, "{what}");
        assert!(!world.aws.call_off_break(), "{what}: not reached");
        let calls = world.aws.take_calls();
        assert!(
            calls.iter().any(|call| call.operation == "DynamoDB.BatchExecuteStatement" && call.resource == "events")
        );
        let rows = world.event_rows().unwrap();
        assert_eq!(rows.len(), EVENTS, "{what}");
        world.run_until_idle().await.unwrap();
        for row in rows {
            let delivery = world.deliveries.get(tenant, webhook.id, event_in_row(&row).unwrap().id).await.unwrap();
            assert_eq!(delivery.map(|delivery| delivery.state), Some(DeliveryState::Delivered), "{what}");
        }
    }
}

#[tokio::test]
async fn every_answer_is_lost_once_and_the_repeated_call_meets_its_own_effect() {
    for arrival in [Arrival::Own, Arrival::Posted(Provider::Mailgun), Arrival::Posted(Provider::Ses)] {
        let undisturbed = Scene::start(arrival).await;
        undisturbed.publish().await;
        let mut calls: Vec<Call> = undisturbed.world.aws.take_calls();
        if let Arrival::Own = arrival {
            undisturbed.world.run_until_idle().await.unwrap();
            calls.extend(undisturbed.world.aws.take_calls());
        }
        for (index, call) in calls.iter().enumerate() {
            let (operation, resource) = (&call.operation, &call.resource);
            let what = format!("{arrival:?}: call {index}, {operation} on {resource}, answer lost and call repeated");
            let scene = Scene::in_world(World::start_with_retries().await.unwrap(), arrival).await;
            scene.world.aws.break_call(index, Break::After);
            let event = scene.run().await;
            scene.world.aws.call_off_break();
            scene.assert_nothing_lost(event, &what).await;
        }
    }
}
