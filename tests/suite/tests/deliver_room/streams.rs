//! Streams in place of an HTTPS URL: what arrives in them, and what becomes of what does not arrive.

mod clouds;
mod queues;

use std::collections::BTreeMap;

use serde_json::Value;
use shared::address_policy::AddressPolicy;
use shared::delivery::{DeliveryState, Outcome};
use shared::event::Event;
use shared::stream::StreamCredentials;
use shared::stream::pubsub::ServiceAccount;
use shared::stream::servicebus::SharedKey;
use shared::stream::sqs::AccessKey;
use shared::webhook::{Destination, DestinationUrl, Webhook};
use support::clouds::Clouds;
use support::world::DELIVERIES;
use support::{azure, google};

use crate::Scene;

/// The ARN of a tenant's queue.
const QUEUE_ARN: &str = "arn:aws:sqs:eu-central-1:123456789012:mail-events";
/// The URL of the tenant's queue.
const QUEUE_URL: &str = "https://sqs.eu-central-1.amazonaws.com/123456789012/mail-events";
/// The name of the tenant's queue. The queues in memory are found by their names.
const QUEUE: &str = "mail-events";
/// The id of the key that may send to the tenant's queue.
const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";

/// A world with one tenant and the streams of Amazon, Google and Azure.
async fn start() -> (Scene, Clouds) {
    let mut scene = Scene::start().await;
    let clouds = Clouds::start(&scene.world.clock).await.unwrap();
    scene.world.deliver = scene.world.another_deliver(|_| {}).unwrap().with_outbound(clouds.outbound());
    scene.world.aws.sqs.create_tenants_queue(QUEUE_URL, KEY_ID);
    (scene, clouds)
}

fn stream(url: &str, credentials: StreamCredentials) -> Destination {
    let target = DestinationUrl::parse(url, &AddressPolicy::public_only()).unwrap();
    Destination::new(target, Some(credentials)).unwrap()
}

fn access_key(id: &str) -> StreamCredentials {
    StreamCredentials::Sqs(AccessKey::new(id, "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None).unwrap())
}

fn sqs() -> Destination {
    stream(QUEUE_ARN, access_key(KEY_ID))
}

fn pubsub() -> Destination {
    let account = ServiceAccount::new(google::EMAIL, google::KEY_ID, google::KEY).unwrap();
    stream(&format!("pubsub://{}", google::TOPIC), StreamCredentials::Pubsub(account))
}

fn servicebus() -> Destination {
    let key = SharedKey::new(azure::KEY_NAME, azure::KEY).unwrap();
    stream(&format!("servicebus://{}/{}", azure::HOST, azure::QUEUE), StreamCredentials::Servicebus(key))
}

impl Scene {
    async fn stream(&self, url: Destination, change: impl FnOnce(Webhook) -> Webhook) -> Webhook {
        self.webhook_with("http://127.0.0.1:9/", |webhook| change(Webhook { url, ..webhook })).await
    }

    /// Accepts and dispatches events of the tenant.
    async fn accept_many(&self, count: usize) -> Vec<Event> {
        let mut events = Vec::new();
        for number in 0..count {
            events.push(self.accept(&number.to_string()).await);
        }
        self.world.pump_stream().await.unwrap();
        events
    }

    /// Makes one attempt of one event. Returns how it ended, and what the service said.
    async fn attempt(&self, url: Destination) -> (Outcome, String) {
        let webhook = self.stream(url, |webhook| webhook).await;
        let event = self.accept("a").await;
        self.world.pump_stream().await.unwrap();
        self.world.pump_queue(DELIVERIES).await;
        let row = self.row(&webhook, &event).await;
        assert!(matches!(row.state, DeliveryState::Waiting { .. }), "{row:?}");
        (row.attempts[0].outcome, row.attempts[0].answer.clone().unwrap_or_default())
    }
}

/// A message that arrived in a stream of any kind.
#[derive(Debug)]
struct Arrived {
    body: Vec<u8>,
    attributes: BTreeMap<String, String>,
}

fn in_queue(scene: &Scene) -> Vec<Arrived> {
    let messages = scene.world.aws.sqs.messages(QUEUE).into_iter();
    messages
        .map(|message| Arrived {
            body: message.body.into_bytes(),
            attributes: message.attributes.into_iter().collect(),
        })
        .collect()
}

fn in_topic(clouds: &Clouds) -> Vec<Arrived> {
    let messages = clouds.google.published().into_iter();
    messages.map(|message| Arrived { body: message.data, attributes: message.attributes }).collect()
}

fn in_entity(clouds: &Clouds) -> Vec<Arrived> {
    let messages = clouds.azure.sent().into_iter();
    messages.map(|message| Arrived { body: message.body.into_bytes(), attributes: message.properties }).collect()
}

impl Arrived {
    /// The attribute `webhook-id`.
    fn id(&self) -> &str {
        &self.attributes["webhook-id"]
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Whether the message is signed as the headers and the body of a POST would be.
    fn verifies_with(&self, secret: &str) -> bool {
        let mut headers = http::HeaderMap::new();
        for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            headers.insert(name, self.attributes[name].parse().unwrap());
        }
        support::receiver::is_signed(secret, &headers, &self.body)
    }
}

fn refused(status: u16) -> Outcome {
    Outcome::RefusedStatus { status, retry_after: None }
}
