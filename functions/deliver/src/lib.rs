//! The deliver room: woken by the deliveries and the retries queue, it makes one attempt for each job, records it, and
//! does what follows.
//!
//! The jobs of a batch run at the same time, in phases: `carry_out` tells kinds apart, `deliveries` lets those of each
//! webhook line up (`prepare`, `slots`) and gives each POST a place (`places`), `attempt` makes and records it. What
//! they lead to in the queues is done together at the end (`perform`), in as few calls as possible. A job that fails, or
//! panics, fails alone: its message comes back when its visibility ends, reads its delivery's row, and goes on from
//! there.

use aws_config::SdkConfig;
use aws_lambda_events::event::sqs::SqsEvent;
use aws_lambda_events::event::streams::{SqsBatchItemFailure, SqsEventResponse};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent};
use shared::clock::Clock;
use shared::config;
use shared::outbound::address_policy::AddressPolicy;
use shared::outbound::{Outbound, SetupError};
use shared::queue::Queue;
use shared::store::{Deliveries, Events, Registry};

mod budget;
mod dead_letter;
mod delivery;
mod disposition;
mod isolate;
mod maintenance;
mod message;
mod operational;
mod route;
mod settle;
mod stored_event;
mod webhook_cache;

use delivery::stream::Streams;
use disposition::Next;
use message::Received;
use webhook_cache::Webhooks;

/// What the room works with; built once, kept warm.
#[derive(Debug)]
pub struct Deliver {
    registry: Registry,
    webhooks: Webhooks,
    events: Events,
    deliveries: Deliveries,
    deliveries_queue: Queue,
    retries_queue: Queue,
    dead_letter_queue: Queue,
    outbound: Outbound,
    streams: Streams,
    clock: Clock,
}

impl Deliver {
    /// The room's clients, from the SDK's configuration and the room's own.
    pub fn new(sdk: &SdkConfig, config: &config::Deliver, clock: Clock) -> Result<Self, SetupError> {
        let dynamo = aws_sdk_dynamodb::Client::new(sdk);
        let sqs = aws_sdk_sqs::Client::new(sdk);
        let kms = aws_sdk_kms::Client::new(sdk);
        Ok(Self {
            registry: Registry::new(dynamo.clone(), &config.registry_table).opening_secrets(kms),
            webhooks: Webhooks::new(config.cache_seconds),
            events: Events::new(dynamo.clone(), &config.events_table, config.retention_days),
            deliveries: Deliveries::new(dynamo, &config.deliveries_table, config.retention_days),
            deliveries_queue: Queue::new(sqs.clone(), &config.deliveries_queue_url),
            retries_queue: Queue::new(sqs.clone(), &config.retries_queue_url),
            dead_letter_queue: Queue::new(sqs, &config.dead_letter_queue_url),
            outbound: Outbound::new(AddressPolicy::allowing(config.allowed_networks.clone()))?,
            streams: Streams::new(sdk),
            clock,
        })
    }

    /// The same room with another door, for tests that stand in for a service under its own name.
    #[must_use]
    pub fn with_outbound(self, outbound: Outbound) -> Self {
        Self { outbound, ..self }
    }
}

/// Carries out the jobs of a batch and names the messages that must not be deleted.
pub async fn handle(batch: LambdaEvent<SqsEvent>, room: &Deliver) -> Result<SqsEventResponse, Error> {
    let started = room.clock.now();
    let deadline = i64::try_from(batch.context.deadline).ok();
    let deadline = deadline.and_then(|millis| Timestamp::from_millisecond(millis).ok()).unwrap_or(Timestamp::MAX);
    let received: Vec<_> = batch.payload.records.into_iter().map(|record| Received::new(record, room)).collect();
    let nexts = route::carry_out(&received, room, deadline).await;
    let kept = settle::perform(&received, nexts, room, started).await;
    Ok(response(kept))
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
