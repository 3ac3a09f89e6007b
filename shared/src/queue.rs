//! The queues: sending jobs, and hiding messages until they are due. The result of every entry of a batch is read.

use std::ops::Range;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{
    ChangeMessageVisibilityBatchRequestEntry, MessageAttributeValue, SendMessageBatchRequestEntry,
};

use domain::batching::batches;
use domain::id::WebhookId;
pub use domain::job;
use domain::job::{FirstJobs, Job};
use domain::queue_limits::{MAX_BYTES, MAX_ENTRIES};
pub use domain::queue_limits::{MAX_DELAY_SECONDS, MAX_HOP_SECONDS, MAX_IN_FLIGHT, RETENTION};
use futures::{StreamExt as _, stream};

pub mod redrive;
mod in_flight;
mod unconfirmed;

pub use unconfirmed::Unconfirmed;

/// Maximum number of tries for entries that a batch call did not take, before the caller gets the error.
const MAX_TRIES: u8 = 3;
/// Maximum number of batch calls of one send at the same time. Reason: a hundred calls then take a second or two.
const MAX_CONCURRENT_CALLS: usize = 8;

/// One queue.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    url: String,
}

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The job as JSON, or the received body if it is no job.
    pub body: String,
    /// The message group: the tenant's id, so that SQS fair queues keep one busy tenant from delaying others.
    pub group: String,
    /// How long the message is delayed, in seconds, at most [`MAX_DELAY_SECONDS`].
    pub delay_seconds: u16,
    /// Message attributes, for people who look into the queue.
    pub attributes: Vec<(&'static str, String)>,
}

impl Outgoing {
    /// A job to be received as soon as possible.
    pub fn now(job: &Job) -> Self {
        Self::later(job, 0)
    }

    /// The first job of a delivery, to be received as soon as possible.
    pub fn first(jobs: &FirstJobs, webhook: WebhookId) -> Self {
        Self { body: jobs.to_json(webhook), group: jobs.group(), delay_seconds: 0, attributes: Vec::new() }
    }

    /// A job to be received in `delay_seconds`.
    pub fn later(job: &Job, delay_seconds: u16) -> Self {
        Self { body: job.to_json(), group: job.group(), delay_seconds, attributes: Vec::new() }
    }
}

/// A received message to be hidden.
#[derive(Debug, Clone)]
pub struct Hidden {
    /// The message's receipt handle.
    pub receipt: String,
    /// How long it is hidden from now, in seconds, at most [`MAX_HOP_SECONDS`].
    pub seconds: u32,
}

/// SQS did not confirm that an entry of a batch call took effect.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("SQS did not confirm an entry of {operation}: {code}")]
pub struct EntryFailed {
    /// The name of the call.
    pub operation: &'static str,
    /// SQS's error code, of the entry or of the whole call.
    pub code: String,
    /// SQS says that the entry itself is wrong, so it would be refused again.
    pub is_at_fault: bool,
}

impl EntryFailed {
    /// An entry that may be accepted the next time.
    fn for_now(operation: &'static str, code: String) -> Self {
        Self { operation, code, is_at_fault: false }
    }
}

impl Queue {
    /// The queue at `url`, reached through `client`.
    pub fn new(client: Client, url: impl Into<String>) -> Self {
        Self { client, url: url.into() }
    }

    /// Whether an event source ARN names this queue. SQS's ARNs and URLs end in the same name.
    pub fn is_source(&self, arn: &str) -> bool {
        arn.rsplit(':').next() == Some(self.name())
    }

    /// Sends messages in as few calls as their count and size allow, several calls at a time. Returns one result for
    /// each message, in order.
    pub async fn send(&self, messages: &[Outgoing]) -> Vec<Result<(), EntryFailed>> {
        let sizes: Vec<usize> = messages.iter().map(|outgoing| outgoing.body.len()).collect();
        let batches = batches(&sizes, MAX_BYTES);
        let sent = stream::iter(batches).map(|range| self.send_range(messages, range)).buffered(MAX_CONCURRENT_CALLS);
        sent.collect::<Vec<_>>().await.concat()
    }

    /// Sends messages that fit into one batch. Returns one result for each.
    async fn send_range(&self, messages: &[Outgoing], range: Range<usize>) -> Vec<Result<(), EntryFailed>> {
        let first = range.start;
        let mut results = vec![Ok(()); range.len()];
        let mut left: Vec<usize> = range.collect();
        for _ in 0..MAX_TRIES {
            let failed = self.send_batch(messages, &left).await;
            for index in &left {
                results[*index - first] = Ok(());
            }
            left.clear();
            for (index, failure, retryable) in failed {
                results[index - first] = Err(failure);
                if retryable {
                    left.push(index);
                }
            }
            if left.is_empty() {
                break;
            }
        }
        results
    }

    /// Sends one batch. Returns the failed entries, and whether sending them again makes sense.
    async fn send_batch(&self, messages: &[Outgoing], indexes: &[usize]) -> Vec<(usize, EntryFailed, bool)> {
        let operation = "SendMessageBatch";
        let mut call = self.client.send_message_batch().queue_url(&self.url);
        for index in indexes {
            match entry(&messages[*index], *index) {
                Ok(entry) => call = call.entries(entry),
                Err(failure) => return indexes.iter().map(|index| (*index, failure.clone(), false)).collect(),
            }
        }
        match call.send().await {
            Ok(answer) => {
                let not_taken = indexes.iter().filter(|index| {
                    let id = index.to_string();
                    !answer.successful.iter().any(|taken| taken.id == id)
                });
                let failure = |index: &usize| {
                    let id = index.to_string();
                    let named = answer.failed.iter().find(|failed| failed.id == id);
                    // An entry that the answer does not name counts as not sent. Reason: sending it twice is harmless,
                    // and not sending it is not.
                    let code = named.map_or("unanswered", |failed| failed.code.as_str()).to_owned();
                    let is_at_fault = named.is_some_and(|failed| failed.sender_fault);
                    (*index, EntryFailed { operation, code, is_at_fault }, !is_at_fault)
                };
                not_taken.map(failure).collect()
            }
            // The SDK has repeated the call already.
            Err(error) => {
                let code = call_code(&error);
                indexes.iter().map(|index| (*index, EntryFailed::for_now(operation, code.clone()), false)).collect()
            }
        }
    }

    /// Hides received messages. Returns one result for each, in order.
    pub async fn hide(&self, messages: &[Hidden]) -> Vec<Result<(), EntryFailed>> {
        let operation = "ChangeMessageVisibilityBatch";
        let mut results = vec![Ok(()); messages.len()];
        for (batch, chunk) in messages.chunks(MAX_ENTRIES).enumerate() {
            let first = batch * MAX_ENTRIES;
            let entries = chunk.iter().enumerate().map(|(offset, hidden)| {
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id((first + offset).to_string())
                    .receipt_handle(&hidden.receipt)
                    .visibility_timeout(i32::try_from(hidden.seconds.min(MAX_HOP_SECONDS)).unwrap_or(0))
                    .build()
            });
            let entries = match entries.collect::<Result<Vec<_>, _>>() {
                Ok(entries) => entries,
                Err(error) => {
                    let failure = EntryFailed::for_now(operation, error.to_string());
                    results[first..first + chunk.len()].fill(Err(failure));
                    continue;
                }
            };
            let call = self.client.change_message_visibility_batch().queue_url(&self.url);
            match call.set_entries(Some(entries)).send().await {
                Ok(answer) => {
                    for failed in answer.failed {
                        if let Some(slot) = failed.id.parse::<usize>().ok().and_then(|index| results.get_mut(index)) {
                            *slot = Err(EntryFailed { operation, code: failed.code, is_at_fault: failed.sender_fault });
                        }
                    }
                }
                Err(error) => {
                    let failure = EntryFailed::for_now(operation, call_code(&error));
                    results[first..first + chunk.len()].fill(Err(failure));
                }
            }
        }
        results
    }
}

fn entry(outgoing: &Outgoing, index: usize) -> Result<SendMessageBatchRequestEntry, EntryFailed> {
    let malformed = |error: aws_sdk_sqs::error::BuildError| EntryFailed::for_now("SendMessageBatch", error.to_string());
    let mut builder = SendMessageBatchRequestEntry::builder()
        .id(index.to_string())
        .message_body(&outgoing.body)
        .message_group_id(&outgoing.group);
    if outgoing.delay_seconds > 0 {
        builder = builder.delay_seconds(i32::from(outgoing.delay_seconds.min(MAX_DELAY_SECONDS)));
    }
    for (name, value) in &outgoing.attributes {
        let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
        builder = builder.message_attributes(*name, value.map_err(malformed)?);
    }
    builder.build().map_err(malformed)
}

fn call_code<E: aws_sdk_sqs::error::ProvideErrorMetadata, R>(error: &aws_sdk_sqs::error::SdkError<E, R>) -> String {
    use aws_sdk_sqs::error::ProvideErrorMetadata as _;
    error.code().unwrap_or("no answer").to_owned()
}
