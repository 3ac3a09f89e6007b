//! What the parts of a name or of a key are made of.

use std::ops::RangeInclusive;

/// Whether all of a text is of these bytes, and there is so much of it.
pub(super) fn is_made_of(text: &str, length: RangeInclusive<usize>, is_fine: impl Fn(u8) -> bool) -> bool {
    length.contains(&text.len()) && text.bytes().all(is_fine)
}
