//! What goes to the dispatch-failures queue, where an alarm makes people look: an event that no try can dispatch.

use serde::Serialize;
use shared::id::WebhookId;
use shared::queue::Outgoing;

use crate::record::Record;

/// The message group of failures.
const GROUP: &str = "failures";

/// Why an event is not dispatched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    /// The row of the event cannot be read by this version.
    Unreadable,
    /// SQS does not take the event's job, whenever it is sent.
    JobRefused,
}

#[derive(Serialize)]
struct Failure<'a> {
    reason: Reason,
    /// The row in the events table.
    pk: &'a str,
    sk: &'a str,
    sequence_number: &'a str,
    /// The webhook whose job was refused; of an unreadable event no webhook has a job.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<String>,
}

/// The message that names the event, its place in the stream, and why it is here.
pub(crate) fn message(record: &Record, reason: Reason, webhook: Option<WebhookId>) -> Outgoing {
    let Record { sequence_number, pk, sk, .. } = record;
    let failure = Failure { reason, pk, sk, sequence_number, webhook: webhook.map(|webhook| webhook.to_string()) };
    // Texts: this cannot fail.
    let body = serde_json::to_string(&failure).unwrap_or_default();
    Outgoing { body, group: GROUP.to_owned(), delay_seconds: 0, attributes: Vec::new() }
}
