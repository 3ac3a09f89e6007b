//! A received message: where it came from and how often.

use aws_lambda_events::event::sqs::SqsMessage;
use jiff::Timestamp;

use crate::Deliver;

/// The queue that a message was received from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// Fresh, redriven and recovered jobs.
    Deliveries,
    /// Jobs that wait for their next attempt.
    Retries,
}

/// A received message.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) id: String,
    pub(crate) receipt: String,
    pub(crate) body: String,
    pub(crate) from: From,
    /// Whether SQS has handed it out for the first time. Not so means that something went before, however it ended.
    pub(crate) first_receive: bool,
    /// When it was sent; SQS always says so.
    pub(crate) sent_at: Option<Timestamp>,
}

impl Received {
    pub(crate) fn new(record: SqsMessage, room: &Deliver) -> Self {
        let arn = record.event_source_arn.unwrap_or_default();
        let receives = record.attributes.get("ApproximateReceiveCount").map(String::as_str);
        let sent_ms = record.attributes.get("SentTimestamp").and_then(|text| text.parse().ok());
        Self {
            id: record.message_id.unwrap_or_default(),
            receipt: record.receipt_handle.unwrap_or_default(),
            body: record.body.unwrap_or_default(),
            from: if room.retries_queue.is_source(&arn) { From::Retries } else { From::Deliveries },
            first_receive: receives == Some("1"),
            sent_at: sent_ms.and_then(|millis| Timestamp::from_millisecond(millis).ok()),
        }
    }
}
