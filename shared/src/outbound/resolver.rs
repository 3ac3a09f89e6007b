//! Resolving with a check. A name is resolved once for a connection, and refused if any of its addresses is forbidden.
//! The connection is made only to the checked addresses, so that a name cannot resolve differently between check and
//! connection.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::shortage::{ShortageError, no_socket_is_left};
use domain::address_policy::{AddressPolicy, Verdict};

/// The name resolves to an address that deliveries may not go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name resolves to an address that deliveries may not go to")]
pub(super) struct BlockedAddress;

/// What a name resolves to in a test: one answer for each look-up, and the last one for all later look-ups.
#[derive(Debug)]
pub(super) struct Route {
    answers: Vec<Vec<SocketAddr>>,
    look_ups: AtomicUsize,
}

impl Route {
    /// A name that resolves differently on each look-up.
    pub(super) fn changing(answers: Vec<Vec<SocketAddr>>) -> Arc<Self> {
        Arc::new(Self { answers, look_ups: AtomicUsize::new(0) })
    }

    /// A name whose look-up finds no descriptor.
    pub(super) fn without_descriptors() -> Arc<Self> {
        Self::changing(Vec::new())
    }

    /// The number of look-ups.
    #[cfg(test)]
    pub(super) fn look_ups(&self) -> usize {
        self.look_ups.load(Ordering::Relaxed)
    }

    fn look_up(&self) -> Vec<SocketAddr> {
        let index = self.look_ups.fetch_add(1, Ordering::Relaxed);
        self.answers.get(index).or(self.answers.last()).cloned().unwrap_or_default()
    }
}

/// A resolver that returns checked addresses only.
#[derive(Debug)]
pub(super) struct CheckedResolver {
    policy: Arc<AddressPolicy>,
    public_too: bool,
    routes: Arc<HashMap<String, Arc<Route>>>,
}

impl CheckedResolver {
    /// The resolver for HTTPS.
    pub(super) fn public_or_allowed(policy: AddressPolicy) -> Self {
        Self { policy: Arc::new(policy), public_too: true, routes: Arc::default() }
    }

    /// The resolver for plain HTTP.
    pub(super) fn allowed_only(policy: AddressPolicy) -> Self {
        Self { policy: Arc::new(policy), public_too: false, routes: Arc::default() }
    }

    /// Resolves these names to these addresses, which are still checked, and all other names as usual.
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
                Some(route) if route.answers.is_empty() => return Err(ShortageError.into()),
                Some(route) => route.look_up(),
                // The client adds the port.
                None => match tokio::net::lookup_host((name.as_str(), 0)).await {
                    Ok(found) => found.collect(),
                    Err(_) if no_socket_is_left() => return Err(ShortageError.into()),
                    Err(error) => return Err(error.into()),
                },
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
