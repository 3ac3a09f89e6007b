//! The keys of the events table. A partition holds one tenant's events of one day in one of eight shards. So 8,000
//! events per second of one tenant stay within DynamoDB's 1,000 writes per second for each partition.

use sha2::{Digest, Sha256};

use crate::store::Key;
use crate::store::timeline::{SHARDS, day};
use domain::id::{EventId, SourceId, TenantId};

/// The row of an event.
pub(super) fn event(tenant: TenantId, event: EventId) -> Key {
    Key::new(partition(tenant, &day(event.time()), event.shard(SHARDS)), event.to_string())
}

/// The row that remembers a token. It has a partition of its own, so that no partition takes more than one such write.
pub(super) fn token(tenant: TenantId, source: SourceId, token: &str) -> Key {
    Key::new(format!("{tenant}#{source}#{}", hex::encode(Sha256::digest(token))), "TOKEN")
}

/// One shard of a tenant's day.
pub(super) fn partition(tenant: TenantId, day: &str, shard: u8) -> String {
    format!("{tenant}#{day}#{shard}")
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use jiff::Timestamp;

    #[test]
    fn no_partition_takes_more_than_1000_writes_of_8000_events_in_a_second() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let tenant = TenantId::mint(now, [1; 10]);
        let mut writes: HashMap<String, u32> = HashMap::new();
        for number in 0..8000 {
            let id = EventId::derive(now, tenant, None, &format!("key {number}"));
            *writes.entry(event(tenant, id).pk).or_default() += 1;
        }
        assert_eq!(writes.len(), usize::from(SHARDS));
        // Random ids spread rows evenly to within a few percent, and DynamoDB's burst capacity takes far more than
        // that.
        assert!(writes.values().all(|count| *count <= 1_100), "{writes:?}");
    }

    #[test]
    fn keys_are_stable() {
        let id: EventId = "evt_01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        let tenant: TenantId = "ten_01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
        let key = event(tenant, id);
        assert_eq!(
            (key.pk.as_str(), key.sk.as_str()),
            ("ten_01ARZ3NDEKTSV4RRFFQ69G5FAV#20160730#3", "evt_01ARZ3NDEKTSV4RRFFQ69G5FAV")
        );
    }
}
