//! The `webhook-id` of a POST, by which the receiver deduplicates.

use sha2::{Digest, Sha256};

use crate::id::EventId;

/// Number of hash bytes in the id of several events. 128 bits make a collision within one receiver practically
/// impossible.
const HASH_BYTES: usize = 16;

/// The id of a POST. With one event it is the event's id, the same on every attempt. With several events it cannot be
/// the id of one of them, because a receiver that has this event already would drop the others. So it is derived from
/// the set of events: the same events have the same id when they are posted together again, in any order.
pub fn post_id(first: EventId, more: &[EventId]) -> String {
    if more.is_empty() {
        return first.to_string();
    }
    let mut ids: Vec<String> = std::iter::once(&first).chain(more).map(ToString::to_string).collect();
    ids.sort_unstable();
    let hash = Sha256::digest(ids.join("\n"));
    format!("bat_{}", hex::encode(&hash[..HASH_BYTES]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_of_the_one_event_or_of_the_set() {
        let [a, b, c] = ["A", "B", "C"].map(|last| format!("evt_01ARZ3NDEKTSV4RRFFQ69G5FA{last}").parse().unwrap());
        assert_eq!(post_id(a, &[]), "evt_01ARZ3NDEKTSV4RRFFQ69G5FAA");
        insta::assert_snapshot!(post_id(a, &[b]), @"bat_7b4737a40935125c6c9a5d75f519f535");
        assert_eq!(post_id(a, &[b, c]), post_id(c, &[a, b]));
        assert_ne!(post_id(a, &[b]), post_id(a, &[c]));
    }
}
