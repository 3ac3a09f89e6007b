//! Repeatable random numbers: the same seed gives the same numbers.

use std::ops::Range;

/// Numbers that follow from a seed (`SplitMix64`, Steele and others 2014: one addition and one mixing for each).
#[derive(Debug, Clone)]
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn from_seed(seed: u64) -> Self {
        Self(seed)
    }

    /// A separate generator for one part, so that parts that run at the same time do not change each other's numbers.
    pub(super) fn branch(&mut self) -> Self {
        Self(self.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number of `range`, which must not be empty. The lowest numbers are more likely by less than one in 2^40.
    pub(super) fn within(&mut self, range: Range<u64>) -> u64 {
        range.start + self.next() % (range.end - range.start)
    }

    /// True in this many of a thousand calls.
    pub(super) fn per_mille(&mut self, share: u64) -> bool {
        self.within(0..1_000) < share
    }

    /// One of the items.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let index = self.within(0..of.len().max(1) as u64);
        usize::try_from(index).ok().and_then(|index| of.get(index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_itself_and_shares_are_kept() {
        let draw = |seed| {
            let mut chance = Chance::from_seed(seed);
            (0..1_000).map(|_| chance.within(5..10)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert!((5..10).all(|number| draw(7).contains(&number)));
        let mut chance = Chance::from_seed(1);
        let hits = (0..10_000).filter(|_| chance.per_mille(200)).count();
        assert!((1_800..2_200).contains(&hits), "{hits}");
    }
}
