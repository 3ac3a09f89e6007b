//! How messages are packed into batch calls.

use std::ops::Range;

use crate::queue_limits::MAX_ENTRIES;

/// Cuts a list of sizes into consecutive batches of at most [`MAX_ENTRIES`] entries and `most_bytes` bytes. An entry
/// that is larger than `most_bytes` gets a batch of its own, so that a refusal of it affects no other entry.
pub fn batches(sizes: &[usize], most_bytes: usize) -> Vec<Range<usize>> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, size) in sizes.iter().enumerate() {
        let full = index - start == MAX_ENTRIES || (index > start && bytes + size > most_bytes);
        if full {
            batches.push(start..index);
            (start, bytes) = (index, 0);
        }
        bytes += size;
    }
    if start < sizes.len() {
        batches.push(start..sizes.len());
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue_limits::MAX_BYTES;
    use proptest::prelude::*;

    #[test]
    fn by_count_and_by_bytes() {
        assert_eq!(batches(&[1; 23], MAX_BYTES), [0..10, 10..20, 20..23]);
        assert_eq!(batches(&[100 * 1024; 3], MAX_BYTES), [0..2, 2..3]);
        assert_eq!(batches(&[1, MAX_BYTES * 2, 1], MAX_BYTES), [0..1, 1..2, 2..3]);
        assert!(batches(&[], MAX_BYTES).is_empty());
    }

    proptest! {
        #[test]
        fn every_message_is_in_exactly_one_batch_within_limits(
            sizes in proptest::collection::vec(0_usize..MAX_BYTES, 0..100)
        ) {
            let batches = batches(&sizes, MAX_BYTES);
            let all: Vec<usize> = batches.iter().cloned().flatten().collect();
            prop_assert_eq!(all, (0..sizes.len()).collect::<Vec<_>>());
            for batch in batches {
                prop_assert!(batch.len() <= MAX_ENTRIES);
                prop_assert!(sizes[batch].iter().sum::<usize>() <= MAX_BYTES);
            }
        }
    }
}
