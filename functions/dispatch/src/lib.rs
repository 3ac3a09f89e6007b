//! The dispatch room: the events table's stream wakes it, and it sends one job for each delivery that an event owes.
//!
//! The room writes no table, and sends nothing but messages to two queues. The stream replays a batch from the record
//! that the room reports, so the room reports only what the next try can do better: SQS or DynamoDB did not answer, or
//! time is up. The room sends nothing for the records behind a reported record. A record that no try can read goes to
//! the dispatch-failures queue, and the shard goes on. If the webhooks of a tenant cannot be read, the tenant's events
//! are handed to `deliver`, which tries again: other tenants do not wait. `deliver` also sends the jobs of events that
//! very many webhooks want, and of events that only a newer release can read.

use aws_lambda_events::event::dynamodb::Event as StreamEvent;
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent};
use shared::aws::SdkConfig;
use shared::clock::Clock;
use shared::config;
use shared::queue::Queue;
use shared::store::Registry;
use shared::store::registry::{Subscribers, WebhooksVersions};
use tracing::Instrument as _;

// The modules are listed bottom up: each uses only modules that are listed above it.
mod span;
mod portion;
mod record;
mod sent;
mod webhooks;
mod failure;
mod shares;
mod owed;
mod outbox;

use outbox::Outbox;
use owed::owed;
use record::Record;
use sent::Sent;
use shares::Shares;
use webhooks::SubscriberCache;

/// What the room works with; built once, and kept between invocations.
#[derive(Debug)]
pub struct Dispatch {
    deliveries_queue: Queue,
    failures_queue: Queue,
    webhooks: SubscriberCache,
    sent: Sent,
    clock: Clock,
}

impl Dispatch {
    /// The room's clients, from the SDK's configuration and the room's own.
    pub fn new(sdk: &SdkConfig, config: &config::DispatchConfig, clock: Clock) -> Self {
        let sqs = aws_sdk_sqs::Client::new(sdk);
        let registry = Registry::new(aws_sdk_dynamodb::Client::new(sdk), &config.registry_table);
        Self {
            deliveries_queue: Queue::new(sqs.clone(), &config.deliveries_queue_url),
            failures_queue: Queue::new(sqs, &config.dispatch_failures_queue_url),
            webhooks: SubscriberCache::new(WebhooksVersions::new(&registry), Subscribers::new(&registry)),
            sent: Sent::default(),
            clock,
        }
    }
}

/// Sends the jobs of a batch of stream records, and names the record from which on the batch must be replayed.
pub async fn handle(batch: LambdaEvent<StreamEvent>, room: &Dispatch) -> Result<DynamoDbEventResponse, Error> {
    let span = span::of_invocation(&batch.context.request_id);
    Ok(carry_out(batch, room).instrument(span).await)
}

async fn carry_out(batch: LambdaEvent<StreamEvent>, room: &Dispatch) -> DynamoDbEventResponse {
    let deadline = i64::try_from(batch.context.deadline).ok();
    let deadline = deadline.and_then(|millis| Timestamp::from_millisecond(millis).ok()).unwrap_or(Timestamp::MAX);
    let records: Vec<_> = batch.payload.records.into_iter().map(Record::read).collect();
    let from = dispatch(&records, deadline, room).await;
    response(from.and_then(|from| records.get(from)))
}

/// The position of the first record that must be replayed; `None` if all records are done.
async fn dispatch(records: &[Record], deadline: Timestamp, room: &Dispatch) -> Option<usize> {
    let tenants = records.iter().filter_map(|record| record.event.as_ref().ok()).map(|event| event.tenant);
    let webhooks = match room.webhooks.of_tenants(tenants.collect()).await {
        Ok(webhooks) => webhooks,
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "could not read which webhooks have changed");
            return Some(0);
        }
    };
    let (mut outbox, mut shares) = (Outbox::new(records, deadline, room), Shares::default());
    for (index, record) in records.iter().enumerate() {
        if let Err(from) = outbox.add(index, owed(record, &webhooks, &mut shares)).await {
            return Some(from);
        }
    }
    outbox.finish().await.err()
}

/// Lambda replays from the lowest record that is reported, so one record is enough.
fn response(from: Option<&Record>) -> DynamoDbEventResponse {
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures = from
        .into_iter()
        .map(|record| {
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = Some(record.sequence_number.clone());
            failure
        })
        .collect();
    response
}
