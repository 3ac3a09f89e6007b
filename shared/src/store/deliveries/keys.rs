//! The deliveries table's keys: one webhook's day in eight shards, as for events, and its held and its dead deliveries
//! in eight shards of the index. An index that cannot keep up throttles the writes of its table, so that without shards a
//! webhook that is owed more than 1,000 events a second could not even be held.

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

/// All index partitions of a webhook's deliveries in a state. The first is that of rows that were written before there
/// were shards; they are found there until they change or expire.
pub(super) fn stuck_partitions(webhook: WebhookId, state: StateKind) -> impl Iterator<Item = String> {
    let unsharded = format!("{webhook}#{}", state.as_str());
    let sharded = (0..SHARDS).map(move |shard| format!("{webhook}#{}#{shard}", state.as_str()));
    std::iter::once(unsharded).chain(sharded)
}

/// The index sort key: since when, then which. Milliseconds have 13 digits until the year 2286, so text sorts by time.
pub(super) fn stuck_since(at: Timestamp, event: EventId) -> String {
    format!("{}#{event}", stuck_at(at))
}

/// Where the index sort keys of a millisecond begin.
pub(super) fn stuck_at(at: Timestamp) -> String {
    format!("{:013}", at.as_millisecond().max(0))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use domain::id::TenantId;

    /// Also when every one of them is held, and the index takes as many writes as the table.
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
        // Chance spreads them to within a few percent; DynamoDB's burst capacity takes far more than that.
        assert!(writes.values().all(|count| *count <= 1_100), "{writes:?}");
    }
}
