//! A received message: its job, the queue that it came from, how long it was there, and how often it was received.

use aws_lambda_events::event::sqs::SqsMessage;
use jiff::{SignedDuration, Timestamp};
use tracing::Span;

use crate::queues::{Queues, SourceQueue};
use crate::span;

/// A received message.
#[derive(Debug)]
pub(crate) struct ReceivedMessage {
    pub(crate) id: String,
    pub(crate) receipt: String,
    pub(crate) body: String,
    pub(crate) source: SourceQueue,
    /// How often SQS has handed out the message, this time included.
    pub(crate) receives: u32,
    /// Whether SQS hands out the message for the first time. If it does not, an earlier invocation had the message, and
    /// that invocation may have done anything.
    pub(crate) first_receive: bool,
    /// When the message was sent. SQS always says so.
    pub(crate) sent_at: Option<Timestamp>,
    /// The span of log lines about the message and its job.
    pub(crate) span: Span,
}

impl ReceivedMessage {
    /// Reads a record of a batch. A record that came from no other queue came from the deliveries queue.
    pub(crate) fn new(record: SqsMessage, queues: &Queues) -> Self {
        let arn = record.event_source_arn.unwrap_or_default();
        let receives = record.attributes.get("ApproximateReceiveCount").map(String::as_str);
        let id = record.message_id.unwrap_or_default();
        let sent_ms = record.attributes.get("SentTimestamp").and_then(|text| text.parse().ok());
        Self {
            span: span::of_message(&id),
            id,
            receipt: record.receipt_handle.unwrap_or_default(),
            body: record.body.unwrap_or_default(),
            source: queues.source(&arn),
            receives: receives.and_then(|text| text.parse().ok()).unwrap_or(1),
            first_receive: receives == Some("1"),
            sent_at: sent_ms.and_then(|millis| Timestamp::from_millisecond(millis).ok()),
        }
    }

    /// How long the message has waited in its queue for an invocation. `None` if an earlier invocation had the message,
    /// because then the time since it was sent says nothing about the queue.
    pub(crate) fn waited(&self, now: Timestamp) -> Option<SignedDuration> {
        self.sent_at.filter(|_| self.first_receive).map(|sent_at| now.duration_since(sent_at))
    }
}
