//! Resolving with a check: a name is resolved once for a connection, refused if any answer is forbidden, and connected
//! to at the checked addresses only, so that a name cannot change its mind between check and connect.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use domain::address_policy::{AddressPolicy, Verdict};

/// A name that resolves to an address that deliveries may not go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name resolves to an address that deliveries may not go to")]
pub(super) struct BlockedAddress;

/// What a name resolves to in a test, in place of the system's answer: one answer for each look-up, the last ever after.
#[derive(Debug)]
pub(super) struct Route {
    answers: Vec<Vec<SocketAddr>>,
    look_ups: AtomicUsize,
}

impl Route {
    /// A name that changes its mind.
    pub(super) fn changing(answers: Vec<Vec<SocketAddr>>) -> Arc<Self> {
        Arc::new(Self { answers, look_ups: AtomicUsize::new(0) })
    }

    /// How often it was looked up.
    #[cfg(test)]
    pub(super) fn look_ups(&self) -> usize {
        self.look_ups.load(Ordering::Relaxed)
    }

    fn look_up(&self) -> Vec<SocketAddr> {
        let index = self.look_ups.fetch_add(1, Ordering::Relaxed);
        self.answers.get(index).or(self.answers.last()).cloned().unwrap_or_default()
    }
}

/// A resolver that lets checked addresses through.
#[derive(Debug)]
pub(super) struct CheckedResolver {
    policy: Arc<AddressPolicy>,
    public_too: bool,
    routes: Arc<HashMap<String, Arc<Route>>>,
}

impl CheckedResolver {
    /// For HTTPS.
    pub(super) fn public_or_allowed(policy: AddressPolicy) -> Self {
        Self { policy: Arc::new(policy), public_too: true, routes: Arc::default() }
    }

    /// For plain HTTP.
    pub(super) fn allowed_only(policy: AddressPolicy) -> Self {
        Self { policy: Arc::new(policy), public_too: false, routes: Arc::default() }
    }

    /// Resolves these names so, still checked, and all others as ever.
    pub(super) fn rerouting(self, routes: HashMap<String, Arc<Route>>) -> Self {
        Self { routes: Arc::new(routes), ..self }
    }
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (policy, public_too) = (Arc::clone(&self.policy), self.public_too);
        let route = self.routes.get(name.as_str()).cloned();
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = match route {
                Some(route) => route.look_up(),
                // The port is put in by the client.
                None => tokio::net::lookup_host((name.as_str(), 0)).await?.collect(),
            };
            let passes = |address: &SocketAddr| match policy.verdict(address.ip()) {
                Verdict::Allowed => true,
                Verdict::Public => public_too,
                Verdict::Forbidden => false,
            };
            if !addresses.iter().all(passes) {
                return Err(BlockedAddress.into());
            }
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}
