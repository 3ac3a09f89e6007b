//! Google's and Azure's services on loopback, under their own names.

use std::collections::HashMap;

use shared::address_policy::AddressPolicy;
use shared::clock::Clock;
use shared::outbound::Outbound;

use super::azure::{self, Azure};
use super::google::{self, Google};

/// Both services, and an outbound client that reaches them.
#[derive(Debug)]
pub struct Clouds {
    /// Pub/Sub.
    pub google: Google,
    /// Service Bus.
    pub azure: Azure,
    outbound: Outbound,
}

/// An answer that a service gives instead of accepting a request.
#[derive(Debug, Clone)]
pub struct Failing {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: &'static str,
}

impl Failing {
    /// An answer with this status, without headers and body.
    pub fn with(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: "" }
    }
}

impl Clouds {
    /// Starts both services. They use `clock`.
    pub async fn start(clock: &Clock) -> anyhow::Result<Self> {
        let mut roots = rustls::RootCertStore::empty();
        let (google, root, google_address) = Google::start(clock.clone()).await?;
        roots.add(root)?;
        let (azure, root, azure_address) = Azure::start(clock.clone()).await?;
        roots.add(root)?;
        let routes = [(google::HOST.to_owned(), google_address), (azure::HOST.to_owned(), azure_address)];
        let policy = AddressPolicy::allowing(vec!["127.0.0.0/8".parse()?]);
        Ok(Self { google, azure, outbound: Outbound::rerouted(policy, roots, HashMap::from(routes))? })
    }

    /// An outbound client that reaches both services under their own names.
    pub fn outbound(&self) -> Outbound {
        self.outbound.clone()
    }
}
