//! The keys of the deliveries table. A partition holds one of eight shards of a webhook's day, as for events. A
//! webhook's held and dead deliveries and its long waits are in eight shards of the index. An index that is overloaded
//! throttles the writes of its table. So without shards, a webhook with more than 1,000 events per second could not
//! even have its deliveries held.

use jiff::Timestamp;

use crate::store::Key;
use crate::store::timeline::{SHARDS, day};
use domain::delivery::StateKind;
use domain::id::{EventId, WebhookId};

/// The row of a delivery.
pub(super) fn delivery(webhook: WebhookId, event: EventId) -> Key {
    Key::new(partition(webhook, &day(event.time()), event.shard(SHARDS)), event.to_string())
}

/// One shard of a webhook's day.
pub(super) fn partition(webhook: WebhookId, day: &str, shard: u8) -> String {
    format!("{webhook}#{day}#{shard}")
}

/// The index partition of a delivery in a state.
pub(super) fn stuck_partition(webhook: WebhookId, state: StateKind, event: EventId) -> String {
    format!("{webhook}#{}#{}", state.as_str(), event.shard(SHARDS))
}

/// All index partitions of a webhook's deliveries in a state. The one without a shard is for rows that were written
/// before there were shards; they stay there until they change or expire. Waiting rows are in the index since later.
pub(super) fn stuck_partitions(webhook: WebhookId, state: StateKind) -> impl Iterator<Item = String> {
    let unsharded = format!("{webhook}#{}", state.as_str());
    let sharded = (0..SHARDS).map(move |shard| format!("{webhook}#{}#{shard}", state.as_str()));
    (state != StateKind::Waiting).then_some(unsharded).into_iter().chain(sharded)
}

/// The index sort key: since when it is held or dead, or until when it waits; then the id. Milliseconds have 13 digits
/// until the year 2286, so texts sort by time.
pub(super) fn stuck_since(at: Timestamp, event: EventId) -> String {
    format!("{}#{event}", stuck_at(at))
}

/// The beginning of the index sort keys of a millisecond.
pub(super) fn stuck_at(at: Timestamp) -> String {
    format!("{:013}", at.as_millisecond().max(0))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use domain::id::TenantId;

    /// This also holds when every delivery is held, and the index takes as many writes as the table.
    #[test]
    fn no_partition_takes_more_than_1000_writes_of_8000_deliveries_in_a_second() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let (tenant, webhook) = (TenantId::mint(now, [1; 10]), WebhookId::mint(now, [2; 10]));
        let mut writes: HashMap<String, u32> = HashMap::new();
        for number in 0..8000 {
            let id = EventId::derive(now, tenant, None, &format!("key {number}"));
            let in_index = stuck_partition(webhook, StateKind::Held, id);
            assert!(stuck_partitions(webhook, StateKind::Held).any(|partition| partition == in_index));
            *writes.entry(delivery(webhook, id).pk).or_default() += 1;
            *writes.entry(in_index).or_default() += 1;
        }
        assert_eq!(writes.len(), 2 * usize::from(SHARDS));
        // Random ids spread rows evenly to within a few percent, and DynamoDB's burst capacity takes far more than
        // that.
        assert!(writes.values().all(|count| *count <= 1_100), "{writes:?}");
    }
}
