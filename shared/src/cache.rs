//! A small cache in memory with an age limit. Absence is never cached: what was just created must be found.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

/// Most entries kept; a function that meets more starts over rather than grow.
const MAX_ENTRIES: usize = 10_000;

/// Values by key, each trusted for a while.
#[derive(Debug)]
pub struct Cache<K, V> {
    age_limit: SignedDuration,
    entries: Mutex<HashMap<K, (Timestamp, V)>>,
}

impl<K: Eq + Hash, V: Clone> Cache<K, V> {
    /// An empty cache that trusts its entries for `seconds`; 0 switches it off.
    pub fn new(seconds: u32) -> Self {
        Self { age_limit: SignedDuration::from_secs(i64::from(seconds)), entries: Mutex::default() }
    }

    /// The value, if it was put less than the age limit ago.
    pub fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let (put_at, value) = entries.get(key)?;
        (now.duration_since(*put_at) < self.age_limit).then(|| value.clone())
    }

    /// Keeps a value.
    pub fn put(&self, key: K, value: V, now: Timestamp) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAX_ENTRIES {
            entries.clear();
        }
        entries.insert(key, (now, value));
    }

    /// Corrects a value that is kept; it is trusted no longer for that.
    pub fn correct(&self, key: &K, correct: impl FnOnce(&mut V)) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value)) = entries.get_mut(key) {
            correct(value);
        }
    }

    /// Forgets a value that is known to be stale.
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
    fn zero_seconds_switch_it_off() {
        let cache = Cache::new(0);
        cache.put("key", 1, Timestamp::UNIX_EPOCH);
        assert_eq!(cache.get(&"key", Timestamp::UNIX_EPOCH), None);
    }
}
