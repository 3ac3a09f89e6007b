//! How messages are packed into batch calls.

use std::ops::Range;

/// SQS takes 10 entries in one batch call.
pub(super) const MAX_ENTRIES: usize = 10;
/// Bytes of all bodies in one batch call: 256 KiB, the limit that every SQS-compatible endpoint keeps (AWS itself has
/// allowed 1 MiB since 2025), less 16 KiB for attributes and group ids.
const MAX_BYTES: usize = 240 * 1024;

/// Cuts a list of body sizes into consecutive batches within count and bytes. A body that is too large alone gets a
/// batch of its own, whose refusal then is its own.
pub(super) fn batches(sizes: &[usize]) -> Vec<Range<usize>> {
    let mut batches = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, size) in sizes.iter().enumerate() {
        let full = index - start == MAX_ENTRIES || (index > start && bytes + size > MAX_BYTES);
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
    use proptest::prelude::*;

    #[test]
    fn by_count_and_by_bytes() {
        assert_eq!(batches(&[1; 23]), [0..10, 10..20, 20..23]);
        assert_eq!(batches(&[100 * 1024; 3]), [0..2, 2..3]);
        assert_eq!(batches(&[1, MAX_BYTES * 2, 1]), [0..1, 1..2, 2..3]);
        assert!(batches(&[]).is_empty());
    }

    proptest! {
        #[test]
        fn every_message_is_in_exactly_one_batch_within_limits(
            sizes in proptest::collection::vec(0_usize..MAX_BYTES, 0..100)
        ) {
            let batches = batches(&sizes);
            let all: Vec<usize> = batches.iter().cloned().flatten().collect();
            prop_assert_eq!(all, (0..sizes.len()).collect::<Vec<_>>());
            for batch in batches {
                prop_assert!(batch.len() <= MAX_ENTRIES);
                prop_assert!(sizes[batch].iter().sum::<usize>() <= MAX_BYTES);
            }
        }
    }
}
