//! The deliver room: woken by the deliveries queue, the retries queue and the slow queue, it makes one attempt for each
//! job, records the attempt, and does what follows.
//!
//! The jobs of a batch run at the same time. Each passes one straight pipeline, and the stages are functions of these
//! names:
//!
//! ```text
//! route      body -> job                            unreadable -> dead letter; other kinds -> maintenance
//! inspect    job + row -> attempt plan              obsolete, not due, dead already -> stop
//! admit      webhook -> attempt?                    slow -> slow queue; else held or discarded
//! load       the event                              gone or unreadable -> recorded, dead letter
//! reserve    slots; jobs -> requests                later slot -> requeued with the slot
//! claim      where copies are possible              another copy's attempt -> stop
//! send       render, sign, POST or stream call; backup URL
//! decide     outcome -> decision                    (pure, `shared::retry`)
//! record     one row, with its operational event    lost race -> the row decides
//! note       breaker, slowness
//! settle     every message of the batch, in as few calls as possible
//! ```
//!
//! A stage that ends a job's way returns `disposition::Stop`. A job that fails, or panics, fails alone: its message
//! comes back when its visibility ends, reads its delivery's row, and goes on from there.
//!
//! The modules below, and those of `delivery`, are listed bottom up: each uses only modules that are listed above it.

use aws_lambda_events::event::sqs::SqsEvent;
use aws_lambda_events::event::streams::{SqsBatchItemFailure, SqsEventResponse};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent};
use shared::address_policy::AddressPolicy;
use shared::aws::SdkConfig;
use shared::clock::Clock;
use shared::config;
use shared::outbound::{Outbound, SetupError};
use shared::queue::Queue;
use shared::retention::Retention;
use shared::store::registry::{ReceiverHealth, TenantLookup, UrlVerifications, Webhooks};
use shared::store::{Deliveries, Events, Registry};
use tracing::Instrument as _;

mod span;
mod queues;
mod message;
mod places;
mod disposition;
mod isolate;
mod budget;
mod stores;
mod in_flight;
mod webhook_cache;
mod health;
mod park;
mod stored_event;
mod dead_letter;
mod delivery;
mod maintenance;
mod route;
mod settle;

use delivery::record::Recorder;
use delivery::send::Sender;
use delivery::stream::Streams;
use health::Health;
use in_flight::InFlight;
use message::ReceivedMessage;
use places::Places;
use queues::Queues;
use stores::Stores;
use webhook_cache::WebhookCache;

/// What the room works with; built once, and kept between invocations. A function takes the parts that it may touch.
#[derive(Debug)]
pub struct Deliver {
    stores: Stores,
    webhooks: WebhookCache,
    recorder: Recorder,
    sender: Sender,
    health: Health,
    queues: Queues,
    in_flight: InFlight,
    places: Places,
    clock: Clock,
}

impl Deliver {
    /// The room's clients, from the SDK's configuration and the room's own.
    pub fn new(sdk: &SdkConfig, config: &config::DeliverConfig, clock: Clock) -> Result<Self, SetupError> {
        let dynamo = aws_sdk_dynamodb::Client::new(sdk);
        let sqs = aws_sdk_sqs::Client::new(sdk);
        let kms = aws_sdk_kms::Client::new(sdk);
        let registry = Registry::new(dynamo.clone(), &config.registry_table).opening_secrets(kms);
        let events = Events::new(dynamo.clone(), &config.events_table, config.retention_days);
        let deliveries = Deliveries::new(dynamo, &config.deliveries_table, config.retention_days);
        let webhooks = WebhookCache::new(
            Webhooks::new(&registry),
            ReceiverHealth::new(&registry),
            TenantLookup::new(&registry),
            config.cache_seconds,
        );
        let deliveries_queue = Queue::new(sqs.clone(), &config.deliveries_queue_url);
        let outbound = Outbound::new(AddressPolicy::allowing(config.allowed_networks.clone()))?;
        Ok(Self {
            recorder: Recorder {
                deliveries: deliveries.clone(),
                events: events.clone(),
                retention: Retention::of_days(config.retention_days),
                clock: clock.clone(),
            },
            sender: Sender { streams: Streams::new(sdk, outbound.clone()), outbound, clock: clock.clone() },
            health: Health {
                receivers: ReceiverHealth::new(&registry),
                verifications: UrlVerifications::new(&registry),
                events: events.clone(),
                webhooks: webhooks.clone(),
                deliveries_queue: deliveries_queue.clone(),
                clock: clock.clone(),
            },
            queues: Queues {
                deliveries_queue,
                retries_queue: Queue::new(sqs.clone(), &config.retries_queue_url),
                slow_queue: Queue::new(sqs.clone(), &config.slow_queue_url),
                dead_letter_queue: Queue::new(sqs, &config.dead_letter_queue_url),
            },
            in_flight: InFlight::default(),
            places: Places::new(clock.now()),
            stores: Stores::new(&registry, events, deliveries),
            webhooks,
            clock,
        })
    }

    /// The same room with another door, for tests that stand in for a service under the service's own name.
    #[must_use]
    pub fn with_outbound(self, outbound: Outbound) -> Self {
        Self { sender: self.sender.with_outbound(outbound), ..self }
    }
}

/// Carries out the jobs of a batch and names the messages that must not be deleted.
pub async fn handle(batch: LambdaEvent<SqsEvent>, room: &Deliver) -> Result<SqsEventResponse, Error> {
    let span = span::of_invocation(&batch.context.request_id);
    Ok(response(carry_out(batch, room).instrument(span).await))
}

/// Carries out the jobs of a batch. Returns the ids of the messages that must not be deleted.
async fn carry_out(batch: LambdaEvent<SqsEvent>, room: &Deliver) -> Vec<String> {
    let received_at = room.clock.now();
    let deadline = i64::try_from(batch.context.deadline).ok();
    let deadline = deadline.and_then(|millis| Timestamp::from_millisecond(millis).ok()).unwrap_or(Timestamp::MAX);
    let records = batch.payload.records.into_iter();
    let received: Vec<_> = records.map(|record| ReceivedMessage::new(record, &room.queues)).collect();
    let dispositions = route::route(&received, room, deadline).await;
    settle::settle(&received, dispositions, &room.queues, &room.in_flight, received_at, room.clock.now()).await
}

fn response(kept: Vec<String>) -> SqsEventResponse {
    let mut response = SqsEventResponse::default();
    response.batch_item_failures = kept
        .into_iter()
        .map(|message_id| {
            let mut failure = SqsBatchItemFailure::default();
            failure.item_identifier = Some(message_id);
            failure
        })
        .collect();
    response
}
