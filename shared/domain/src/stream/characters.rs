//! A check of the characters of names and keys.

use std::ops::RangeInclusive;

/// Whether a text has a length in this range, and only bytes that `is_fine` accepts.
pub(super) fn is_made_of(text: &str, length: RangeInclusive<usize>, is_fine: impl Fn(u8) -> bool) -> bool {
    length.contains(&text.len()) && text.bytes().all(is_fine)
}
