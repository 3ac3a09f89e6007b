//! A received message: its job, the queue that it came from, and how often it was received.

use aws_lambda_events::event::sqs::SqsMessage;
use jiff::Timestamp;
use shared::queue::Queue;
use tracing::Span;

use crate::span;

/// The queue that a message was received from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SourceQueue {
    /// The queue of fresh, redriven and recovered jobs.
    Deliveries,
    /// The queue of jobs that wait for their next attempt.
    Retries,
}

/// A received message.
#[derive(Debug)]
pub(crate) struct ReceivedMessage {
    pub(crate) id: String,
    pub(crate) receipt: String,
    pub(crate) body: String,
    pub(crate) source: SourceQueue,
    /// Whether SQS hands out the message for the first time. If it does not, an earlier invocation had the message, and
    /// that invocation may have done anything.
    pub(crate) first_receive: bool,
    /// When the message was sent. SQS always says so.
    pub(crate) sent_at: Option<Timestamp>,
    /// The span of log lines about the message and its job.
    pub(crate) span: Span,
}

impl ReceivedMessage {
    /// Reads a record of a batch. A record that did not come from the retries queue came from the deliveries queue.
    pub(crate) fn new(record: SqsMessage, retries_queue: &Queue) -> Self {
        let arn = record.event_source_arn.unwrap_or_default();
        let receives = record.attributes.get("ApproximateReceiveCount").map(String::as_str);
        let id = record.message_id.unwrap_or_default();
        let sent_ms = record.attributes.get("SentTimestamp").and_then(|text| text.parse().ok());
        Self {
            span: span::of_message(&id),
            id,
            receipt: record.receipt_handle.unwrap_or_default(),
            body: record.body.unwrap_or_default(),
            source: if retries_queue.is_source(&arn) { SourceQueue::Retries } else { SourceQueue::Deliveries },
            first_receive: receives == Some("1"),
            sent_at: sent_ms.and_then(|millis| Timestamp::from_millisecond(millis).ok()),
        }
    }
}
