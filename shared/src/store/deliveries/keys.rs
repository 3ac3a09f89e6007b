//! The deliveries table's keys: one webhook's day in eight shards, as for events.

use jiff::Timestamp;

use crate::delivery::StateKind;
use crate::id::{EventId, WebhookId};
use crate::store::events::keys::{SHARDS, day};

/// The row of a delivery.
pub(super) fn delivery(webhook: WebhookId, event: EventId) -> (String, String) {
    (partition(webhook, &day(event.time()), event.shard(SHARDS)), event.to_string())
}

/// One shard of a webhook's day.
pub(super) fn partition(webhook: WebhookId, day: &str, shard: u8) -> String {
    format!("{webhook}#{day}#{shard}")
}

/// The index partition of a webhook's deliveries in a state.
pub(super) fn stuck_partition(webhook: WebhookId, state: StateKind) -> String {
    format!("{webhook}#{}", state.as_str())
}

/// The index sort key: since when, then which. Milliseconds have 13 digits until the year 2286, so text sorts by time.
pub(super) fn stuck_since(at: Timestamp, event: EventId) -> String {
    format!("{}#{event}", stuck_at(at))
}

/// Where the index sort keys of a millisecond begin.
pub(super) fn stuck_at(at: Timestamp) -> String {
    format!("{:013}", at.as_millisecond().max(0))
}
