//! Messages for the dispatch-failures queue, whose alarm makes people look: each is about an event that no try can
//! dispatch.

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
    /// The row of the event cannot be read by any release.
    Unreadable,
    /// SQS refuses the event's job, and would refuse it again.
    JobRefused,
}

#[derive(Serialize)]
struct Failure<'a> {
    reason: Reason,
    /// The row in the events table.
    pk: &'a str,
    sk: &'a str,
    sequence_number: &'a str,
    /// The webhook whose job was refused. An unreadable event has no jobs.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook: Option<String>,
}

/// A message with the row of the event, the event's place in the stream, and the reason.
pub(crate) fn message(record: &Record, reason: Reason, webhook: Option<WebhookId>) -> Outgoing {
    let Record { sequence_number, pk, sk, .. } = record;
    let failure = Failure { reason, pk, sk, sequence_number, webhook: webhook.map(|webhook| webhook.to_string()) };
    // This cannot fail: all members are texts.
    let body = serde_json::to_string(&failure).unwrap_or_default();
    Outgoing { body, group: GROUP.to_owned(), delay_seconds: 0, attributes: Vec::new() }
}
