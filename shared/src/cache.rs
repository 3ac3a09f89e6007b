//! A small in-memory cache with an age limit, a maximum number of entries and a maximum number of bytes. Absence must
//! not be cached in the same cache as values: new objects must be found at once, and ids that clients invent would
//! displace real entries.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Maximum number of entries by default.
const MAX_ENTRIES: usize = 10_000;

/// Values by key. Each is trusted for some time.
#[derive(Debug)]
pub struct Cache<K, V> {
    age_limit: SignedDuration,
    most: usize,
    max_bytes: usize,
    weigh: fn(&V) -> usize,
    entries: Mutex<HashMap<K, Entry<V>>>,
}

#[derive(Debug)]
struct Entry<V> {
    put_at: Timestamp,
    bytes: usize,
    value: V,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    /// An empty cache that trusts its entries for `seconds`; 0 disables it.
    pub fn new(seconds: u32) -> Self {
        Self::holding(MAX_ENTRIES, seconds)
    }

    /// Like [`Cache::new`], with a maximum number of entries. When the cache is full, a new entry replaces the oldest
    /// one.
    pub fn holding(most: usize, seconds: u32) -> Self {
        let age_limit = SignedDuration::from_secs(i64::from(seconds));
        Self { age_limit, most, max_bytes: usize::MAX, weigh: |_| 0, entries: Mutex::default() }
    }

    /// Like [`Cache::new`], for values of very different sizes. `weigh` estimates the bytes of a value; all values
    /// together have at most `max_bytes`. A new entry replaces as many of the oldest ones as it needs, and a value that
    /// is too large by itself is not kept.
    pub fn weighing(max_bytes: usize, seconds: u32, weigh: fn(&V) -> usize) -> Self {
        Self { max_bytes, weigh, ..Self::new(seconds) }
    }

    /// The value, if its age is below the limit.
    pub fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = entries.get(key)?;
        (now.duration_since(entry.put_at) < self.age_limit).then(|| entry.value.clone())
    }

    /// Stores a value.
    pub fn put(&self, key: K, value: V, now: Timestamp) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= self.most && !entries.contains_key(&key) {
            // Visiting all entries takes microseconds; reading this value took milliseconds.
            entries.retain(|_, entry| now.duration_since(entry.put_at) < self.age_limit);
            let oldest = entries.values().map(|entry| entry.put_at).min();
            let mut is_full = entries.len() >= self.most;
            entries.retain(|_, entry| {
                let goes = is_full && Some(entry.put_at) == oldest;
                is_full &= !goes;
                !goes
            });
        }
        entries.remove(&key);
        let bytes = (self.weigh)(&value);
        if bytes <= self.max_bytes {
            self.make_room(&mut entries, self.max_bytes - bytes, now);
            entries.insert(key, Entry { put_at: now, bytes, value });
        }
    }

    /// Removes stale entries and then the oldest ones, until the rest has at most `max_bytes`.
    fn make_room(&self, entries: &mut HashMap<K, Entry<V>>, max_bytes: usize, now: Timestamp) {
        let bytes = |entries: &HashMap<K, Entry<V>>| entries.values().fold(0_usize, |sum, entry| sum + entry.bytes);
        if bytes(entries) <= max_bytes {
            return;
        }
        entries.retain(|_, entry| now.duration_since(entry.put_at) < self.age_limit);
        let mut left = bytes(entries);
        let mut ages: Vec<Timestamp> = entries.values().map(|entry| entry.put_at).collect();
        ages.sort_unstable();
        for oldest in ages {
            if left <= max_bytes {
                return;
            }
            entries.retain(|_, entry| {
                let goes = left > max_bytes && entry.put_at == oldest;
                left -= if goes { entry.bytes } else { 0 };
                !goes
            });
        }
    }

    /// Corrects a stored value. Its age stays the same.
    pub fn correct(&self, key: &K, correct: impl FnOnce(&mut V)) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get_mut(key) {
            correct(&mut entry.value);
        }
    }

    /// Removes a value that is known to be stale.
    pub fn forget(&self, key: &K) {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trusts_an_entry_until_its_age_limit() {
        let cache = Cache::new(30);
        let put_at = Timestamp::UNIX_EPOCH;
        cache.put("key", 1, put_at);
        assert_eq!(cache.get(&"key", put_at + SignedDuration::from_secs(29)), Some(1));
        assert_eq!(cache.get(&"key", put_at + SignedDuration::from_secs(30)), None);
    }

    #[test]
    fn a_corrected_entry_is_trusted_no_longer() {
        let cache = Cache::new(30);
        let put_at = Timestamp::UNIX_EPOCH;
        cache.put("key", 1, put_at);
        cache.correct(&"key", |value| *value = 2);
        cache.correct(&"another", |value| *value = 2);
        assert_eq!(cache.get(&"key", put_at + SignedDuration::from_secs(29)), Some(2));
        assert_eq!(cache.get(&"key", put_at + SignedDuration::from_secs(30)), None);
        assert_eq!(cache.get(&"another", put_at), None);
    }

    #[test]
    fn a_full_one_loses_what_is_stale_or_else_its_oldest_entry_alone() {
        let at = |second| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second);
        let cache = Cache::holding(3, 30);
        let kept = |now| (0..9).filter(|key| cache.get(key, now).is_some()).collect::<Vec<_>>();
        for key in 0..3 {
            cache.put(key, "value", at(key));
        }
        // A key that is present already displaces no other entry.
        cache.put(1, "another", at(3));
        assert_eq!(kept(at(3)), [0, 1, 2]);
        cache.put(3, "value", at(4));
        assert_eq!(kept(at(4)), [1, 2, 3]);
        // Of many entries of the same age, one is removed.
        for key in 4..7 {
            cache.put(key, "value", at(5));
        }
        cache.put(7, "value", at(5));
        assert_eq!(kept(at(5)).len(), 3);
        cache.put(8, "value", at(35));
        assert_eq!(cache.entries.lock().unwrap().len(), 1);
    }

    #[test]
    fn all_values_together_have_at_most_the_bytes_that_it_may_hold() {
        let at = |second| Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second);
        let cache = Cache::weighing(100, 30, |value: &usize| *value);
        let kept = |now| (0..9).filter(|key| cache.get(key, now).is_some()).collect::<Vec<_>>();
        for key in 0..4 {
            cache.put(key, 25, at(key));
        }
        assert_eq!(kept(at(4)), [0, 1, 2, 3], "as many bytes as the limit");
        cache.put(4, 1, at(4));
        assert_eq!(kept(at(4)), [1, 2, 3, 4], "one byte more");
        cache.put(4, 50, at(5));
        assert_eq!(kept(at(5)), [2, 3, 4], "a value in place of its former one");
        cache.put(5, 100, at(6));
        assert_eq!(kept(at(6)), [5]);
        cache.put(6, 101, at(7));
        assert_eq!(kept(at(7)), [5], "what is too large by itself displaces nothing");
        cache.put(7, 100, at(36));
        assert_eq!(kept(at(36)), [7], "what is stale goes first");
    }

    #[test]
    fn zero_seconds_switch_it_off() {
        let cache = Cache::new(0);
        cache.put("key", 1, Timestamp::UNIX_EPOCH);
        assert_eq!(cache.get(&"key", Timestamp::UNIX_EPOCH), None);
    }
}
