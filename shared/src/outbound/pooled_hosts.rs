//! The hosts whose connections are kept open. Their number is limited, so that the open connections of a function are
//! limited over all hosts: tenants can register any number of hosts, and a function on Lambda has 1,024 descriptors.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::client::{IDLE_TIMEOUT, MAX_IDLE_CONNECTIONS};

/// Maximum number of open, unused connections over all hosts. Reason: a function has 1,024 descriptors, and calls of
/// AWS and connections in use need some dozens.
const MAX_IDLE_OVER_ALL: usize = 400;
/// Maximum number of hosts whose connections are kept open.
const MAX_HOSTS: usize = MAX_IDLE_OVER_ALL / MAX_IDLE_CONNECTIONS;
/// How long after the last request to a host a connection to it may be open. The pool looks for connections that have
/// been unused for [`IDLE_TIMEOUT`] once in this time, so they may stay open for twice as long.
const OPEN: Duration = Duration::from_secs(2 * IDLE_TIMEOUT.as_secs());

/// The hosts that may have open, unused connections. The key is scheme, name and port.
#[derive(Debug, Clone, Default)]
pub(super) struct PooledHosts(Arc<Mutex<HashMap<String, Use>>>);

#[derive(Debug)]
struct Use {
    requests: usize,
    last: Instant,
}

/// A request whose connection may be kept open afterwards.
#[derive(Debug)]
pub(super) struct PooledRequest {
    hosts: PooledHosts,
    host: String,
}

impl PooledHosts {
    /// A request to a host that is one of the hosts; `None` if there are too many hosts. Then the connection must be
    /// closed after the request.
    pub(super) fn admit(&self, host: &str, now: Instant) -> Option<PooledRequest> {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if hosts.len() >= MAX_HOSTS && !hosts.contains_key(host) {
            hosts.retain(|_, used| used.requests > 0 || now.saturating_duration_since(used.last) <= OPEN);
            if hosts.len() >= MAX_HOSTS {
                return None;
            }
        }
        let used = hosts.entry(host.to_owned()).or_insert(Use { requests: 0, last: now });
        (used.requests, used.last) = (used.requests + 1, now);
        Some(PooledRequest { hosts: self.clone(), host: host.to_owned() })
    }
}

impl Drop for PooledRequest {
    fn drop(&mut self) {
        let mut hosts = self.hosts.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(used) = hosts.get_mut(&self.host) {
            (used.requests, used.last) = (used.requests.saturating_sub(1), Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_hosts_keep_connections_than_the_limit_and_unused_ones_make_room() {
        let (hosts, now) = (PooledHosts::default(), Instant::now());
        // An hour is longer than this test takes on any machine.
        let (soon, late) = (now + OPEN, now + Duration::from_hours(1));
        let in_use = hosts.admit("in use", now);
        for number in 1..MAX_HOSTS {
            assert!(hosts.admit(&number.to_string(), now).is_some());
        }
        assert!(hosts.admit("one more", soon).is_none());
        assert!(hosts.admit("1", soon).is_some(), "a host that has connections may use them");
        assert!(hosts.admit("one more", late).is_some());
        assert_eq!(hosts.0.lock().unwrap().len(), 2, "the new host, and the one with a request");
        drop(in_use);
    }
}
