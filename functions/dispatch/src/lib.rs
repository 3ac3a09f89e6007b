//! The dispatch room: woken by the events table's stream, it sends one job for each delivery that an event owes.
//!
//! It writes no table and calls nobody. What it could not hand to the deliveries queue it reports as failed, record by
//! record, and the stream replays it; jobs that are sent twice for that are told apart by the delivery's row.

use aws_config::SdkConfig;
use aws_lambda_events::event::dynamodb::Event as StreamEvent;
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use lambda_runtime::{Error, LambdaEvent};
use shared::config;
use shared::queue::Queue;
use shared::store::Registry;

mod plan;
mod record;
mod webhooks;

use plan::Plan;
use webhooks::Known;

/// What the room works with; built once, kept warm.
#[derive(Debug)]
pub struct Dispatch {
    registry: Registry,
    deliveries_queue: Queue,
    known: Known,
}

impl Dispatch {
    /// The room's clients, from the SDK's configuration and the room's own.
    pub fn new(sdk: &SdkConfig, config: &config::Dispatch) -> Self {
        Self {
            registry: Registry::new(aws_sdk_dynamodb::Client::new(sdk), &config.registry_table),
            deliveries_queue: Queue::new(aws_sdk_sqs::Client::new(sdk), &config.deliveries_queue_url),
            known: Known::default(),
        }
    }
}

/// Sends the jobs of a batch of stream records and names the records that must be replayed.
pub async fn handle(batch: LambdaEvent<StreamEvent>, room: &Dispatch) -> Result<DynamoDbEventResponse, Error> {
    let mut plan = Plan::default();
    let mut versions = webhooks::CheckedVersions::default();
    for record in batch.payload.records {
        let sequence_number = record.change.sequence_number.clone().unwrap_or_default();
        match record::event_of(record) {
            Ok(event) => match room.known.of_tenant(&room.registry, event.tenant, &mut versions).await {
                Ok(webhooks) => plan.add(sequence_number, &event, &webhooks),
                Err(error) => {
                    tracing::error!(tenant.id = %event.tenant, event.id = %event.id, error = &error as &dyn std::error::Error, "could not read the webhooks of {}", event.tenant);
                    plan.fail(sequence_number);
                }
            },
            // Replayed until its retries are used up, then kept in the on-failure queue, which has an alarm.
            Err(error) => {
                tracing::error!(
                    record.sequence_number = sequence_number,
                    error = &error as &dyn std::error::Error,
                    "record {sequence_number} holds no readable event"
                );
                plan.fail(sequence_number);
            }
        }
    }
    let results = room.deliveries_queue.send(plan.jobs()).await;
    let failed = plan.failed_records(&results);
    Ok(response(failed))
}

fn response(failed: Vec<String>) -> DynamoDbEventResponse {
    let mut response = DynamoDbEventResponse::default();
    response.batch_item_failures = failed
        .into_iter()
        .map(|sequence_number| {
            let mut failure = DynamoDbBatchItemFailure::default();
            failure.item_identifier = Some(sequence_number);
            failure
        })
        .collect();
    response
}
