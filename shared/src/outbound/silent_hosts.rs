//! Hosts at which a connection recently gave no response or broke off.
//!
//! A NAT, a firewall or a peer can forget its open connections without closing them. Then all idle connections to the
//! host are dead, and the pool would use one after the other, each for a failed attempt. So after the first failure no
//! idle connection to the host is used, until all connections that were open at that time have reached the pool's idle
//! limit.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use super::client::IDLE_TIMEOUT;

/// Maximum number of remembered hosts. Reason: memory stays below 1 MB for any number of failing hosts. A host without
/// an entry only loses as many attempts as it has dead idle connections.
const MAX_HOSTS: usize = 1_000;

/// When each host last failed. The key is scheme, name and port.
#[derive(Debug, Default)]
pub(super) struct SilentHosts(Mutex<HashMap<String, Instant>>);

impl SilentHosts {
    /// Remembers that a request to the host failed.
    pub(super) fn note(&self, host: String, now: Instant) {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= MAX_HOSTS {
            hosts.retain(|_, at| is_recent(*at, now));
        }
        if hosts.len() < MAX_HOSTS || hosts.contains_key(&host) {
            hosts.insert(host, now);
        }
    }

    /// Whether idle connections to the host may be dead.
    pub(super) fn contains(&self, host: &str, now: Instant) -> bool {
        let hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.get(host).is_some_and(|at| is_recent(*at, now))
    }
}

fn is_recent(at: Instant, now: Instant) -> bool {
    now.saturating_duration_since(at) <= IDLE_TIMEOUT
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_host_is_suspect_as_long_as_a_connection_may_stay_idle() {
        let (hosts, now) = (SilentHosts::default(), Instant::now());
        hosts.note("https://a.example".to_owned(), now);
        assert!(hosts.contains("https://a.example", now + IDLE_TIMEOUT));
        assert!(!hosts.contains("https://a.example", now + IDLE_TIMEOUT + Duration::from_millis(1)));
        assert!(!hosts.contains("https://b.example", now));
    }

    #[test]
    fn no_more_hosts_are_remembered_than_the_limit_and_old_ones_make_room() {
        let (hosts, now) = (SilentHosts::default(), Instant::now());
        for number in 0..=MAX_HOSTS {
            hosts.note(number.to_string(), now);
        }
        assert!(hosts.contains(&(MAX_HOSTS - 1).to_string(), now) && !hosts.contains(&MAX_HOSTS.to_string(), now));
        let later = now + IDLE_TIMEOUT + Duration::from_millis(1);
        hosts.note("new".to_owned(), later);
        assert!(hosts.contains("new", later));
        assert_eq!(hosts.0.lock().unwrap().len(), 1);
    }
}
