//! The queues, in another process or in the world.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName, QueueAttributeName as Attribute,
};

use support::World;
use support::sqs::VISIBILITY;
use support::world::{DEAD_LETTER, DELIVERIES, RETRIES, SLOW};

/// Maximum number of receives before a message becomes a dead letter, as in the template.
const MAX_RECEIVES: [(&str, u32); 3] = [(DELIVERIES, 100), (RETRIES, 1_000), (SLOW, 100)];
/// Maximum wait of a receive, in seconds. A real mapping waits longer, but this one must be able to stop.
const LONG_POLL_SECONDS: i32 = 1;
/// Pause when the world's queues are empty, because they answer at once.
const PAUSE: Duration = Duration::from_millis(5);

/// The queues.
#[derive(Debug)]
pub enum Queues {
    /// The queues of the world, which use its clock.
    InWorld(Arc<World>),
    /// Queues in another process.
    Process {
        /// The client.
        client: Client,
        /// The URL of the process.
        url: String,
    },
}

impl Queues {
    /// Creates empty queues, as the template declares them, in the process at `url`.
    pub async fn process(world: &World, url: &str) -> anyhow::Result<Self> {
        let sdk = world.sdk.to_builder().endpoint_url(url).build();
        let client = Client::new(&sdk);
        client.create_queue().queue_name(DEAD_LETTER).send().await?;
        for (queue, receives) in MAX_RECEIVES {
            let dead_letters = format!("arn:aws:sqs:us-east-1:000000000000:{DEAD_LETTER}");
            let redrive = format!(r#"{{"deadLetterTargetArn":"{dead_letters}","maxReceiveCount":{receives}}}"#);
            let call = client.create_queue().queue_name(queue).attributes(Attribute::RedrivePolicy, redrive);
            call.attributes(Attribute::VisibilityTimeout, VISIBILITY.as_secs().to_string()).send().await?;
        }
        let queues = Self::Process { client, url: url.to_owned() };
        for queue in [DELIVERIES, RETRIES, SLOW, DEAD_LETTER] {
            anyhow::ensure!(queues.depth(queue).await? == 0, "{queue} is not empty");
        }
        Ok(queues)
    }

    /// Receives up to ten messages, as an event of the mapping.
    pub async fn receive(&self, queue: &str) -> anyhow::Result<SqsEvent> {
        match self {
            Self::InWorld(world) => {
                let batch = world.aws.sqs.receive(queue);
                if batch.records.is_empty() {
                    tokio::time::sleep(PAUSE).await;
                }
                Ok(batch)
            }
            Self::Process { client, url } => {
                let call = client.receive_message().queue_url(queue_url(url, queue)).max_number_of_messages(10);
                let call = call.message_system_attribute_names(MessageSystemAttributeName::All);
                let answer = call.wait_time_seconds(LONG_POLL_SECONDS).send().await?;
                let mut batch = SqsEvent::default();
                batch.records = answer.messages.unwrap_or_default().into_iter().map(|one| record(one, queue)).collect();
                Ok(batch)
            }
        }
    }

    /// Deletes the messages that a function's answer does not report as failed, as the mapping does.
    pub async fn finish(&self, queue: &str, received: &SqsEvent, failed: &[String]) -> anyhow::Result<()> {
        match self {
            Self::InWorld(world) => world.aws.sqs.finish(queue, received, failed),
            Self::Process { client, url } => {
                let done = received.records.iter().enumerate();
                let done = done.filter(|(_, one)| one.message_id.as_ref().is_none_or(|id| !failed.contains(id)));
                let entries = done.map(|(index, one)| {
                    let receipt = one.receipt_handle.clone().unwrap_or_default();
                    DeleteMessageBatchRequestEntry::builder().id(index.to_string()).receipt_handle(receipt).build()
                });
                let entries = entries.collect::<Result<Vec<_>, _>>()?;
                if !entries.is_empty() {
                    let call = client.delete_message_batch().queue_url(queue_url(url, queue));
                    call.set_entries(Some(entries)).send().await?;
                }
            }
        }
        Ok(())
    }

    /// All messages of a queue: visible, hidden and delayed.
    pub async fn depth(&self, queue: &str) -> anyhow::Result<usize> {
        match self {
            Self::InWorld(world) => Ok(world.aws.sqs.messages(queue).len()),
            Self::Process { client, url } => {
                let counts = [
                    Attribute::ApproximateNumberOfMessages,
                    Attribute::ApproximateNumberOfMessagesNotVisible,
                    Attribute::ApproximateNumberOfMessagesDelayed,
                ];
                let call = client.get_queue_attributes().queue_url(queue_url(url, queue));
                let answer = call.set_attribute_names(Some(counts.to_vec())).send().await?;
                let found = answer.attributes.unwrap_or_default();
                counts.iter().try_fold(0, |sum, count| {
                    let text = found.get(count).ok_or_else(|| anyhow::anyhow!("{queue} has no {count}"))?;
                    Ok(sum + text.parse::<usize>()?)
                })
            }
        }
    }
}

fn queue_url(url: &str, queue: &str) -> String {
    format!("{url}/000000000000/{queue}")
}

fn record(message: Message, queue: &str) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id = message.message_id;
    record.receipt_handle = message.receipt_handle;
    record.body = message.body;
    let attributes = message.attributes.unwrap_or_default();
    record.attributes = attributes.into_iter().map(|(name, value)| (name.as_str().to_owned(), value)).collect();
    record.event_source_arn = Some(format!("arn:aws:sqs:us-east-1:000000000000:{queue}"));
    record.event_source = Some("aws:sqs".to_owned());
    record
}
