//! How many deliveries a recovery sends in which second.

use jiff::SignedDuration;

/// Maximum number of deliveries of one page (1,000). Reason: they take a hundred batch calls, a few seconds of an
/// invocation that may take 30.
const MAX_DELIVERIES_PER_PAGE: u32 = 1_000;
/// Maximum number of seconds that one page is spread over. Reason: what was sent cannot be cancelled.
const MAX_PAGE_SECONDS: u32 = 10;

/// A bounded rate. Messages are delayed by whole seconds. So a page sends at once what is due within the next few
/// seconds, and each second's share has the delay of that second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    per_second: u32,
}

impl Pace {
    /// A rate of this many deliveries per second, at least one.
    pub fn of(per_second: u32) -> Self {
        Self { per_second: per_second.max(1) }
    }

    /// Maximum number of deliveries of one page.
    pub fn page(self) -> u16 {
        let seconds = (MAX_DELIVERIES_PER_PAGE / self.per_second).clamp(1, MAX_PAGE_SECONDS);
        u16::try_from((self.per_second * seconds).min(MAX_DELIVERIES_PER_PAGE)).unwrap_or(u16::MAX)
    }

    /// The delay in seconds of the delivery with number `index` of a page, counted from 0.
    pub fn delay_of(self, index: usize) -> u16 {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        u16::try_from(index / self.per_second).unwrap_or(u16::MAX)
    }

    /// How long after a page of `sent` deliveries the next page may follow. At least a second, so that pages that find
    /// nothing are limited too.
    pub fn pause_after(self, sent: u64) -> SignedDuration {
        let seconds = sent.div_ceil(u64::from(self.per_second)).max(1);
        SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pages_are_short_and_small() {
        let pages: Vec<_> = [1, 7, 100, 300, 600, 1_000].map(|rate| Pace::of(rate).page()).into();
        assert_eq!(pages, [10, 70, 1_000, 900, 600, 1_000]);
    }

    proptest! {
        #[test]
        fn no_second_has_more_than_its_share(rate in 1_u32..=1_000, sent in 0_usize..=1_000) {
            let pace = Pace::of(rate);
            let sent = sent.min(usize::from(pace.page()));
            let mut seconds: HashMap<u16, u32> = HashMap::new();
            for index in 0..sent {
                *seconds.entry(pace.delay_of(index)).or_default() += 1;
            }
            prop_assert!(seconds.values().all(|count| *count <= rate));
            let pause = pace.pause_after(sent as u64).as_secs();
            prop_assert!(seconds.keys().all(|second| i64::from(*second) < pause), "the next page comes after all of it");
            prop_assert!((1..=i64::from(MAX_PAGE_SECONDS)).contains(&pause));
        }
    }
}
