//! Google's and Azure's services on loopback, under their own names.

use std::collections::HashMap;

use shared::address_policy::AddressPolicy;
use shared::clock::Clock;
use shared::outbound::Outbound;

use super::azure::{self, Azure};
use super::google::{self, Google};

/// Both services, and a door that leads to them.
#[derive(Debug)]
pub struct Clouds {
    /// Pub/Sub.
    pub google: Google,
    /// Service Bus.
    pub azure: Azure,
    outbound: Outbound,
}

/// How a service answers one request in place of taking it.
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
    /// With this status and nothing else.
    pub fn with(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: "" }
    }
}

impl Clouds {
    /// Starts them; they go by `clock`.
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

    /// A door that leads to them by their names.
    pub fn outbound(&self) -> Outbound {
        self.outbound.clone()
    }
}
