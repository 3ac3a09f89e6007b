//! Amazon's SNS host, on loopback: it serves the tests' certificate and takes confirmations.

use std::collections::HashMap;

use shared::address_policy::AddressPolicy;
use shared::outbound::Outbound;

use super::signers::sns::{self, CERTIFICATE_URL, HOST};
use super::{Answer, Receiver};

/// The host, and an outbound client that reaches it.
#[derive(Debug, Clone)]
pub struct Amazon {
    /// The requests that the host got, and its answers.
    pub sns: Receiver,
    outbound: Outbound,
}

impl Amazon {
    /// Starts the host.
    pub async fn start() -> anyhow::Result<Self> {
        let (sns, root) = Receiver::start_tls(HOST).await?;
        sns.script(certificate_path(), [certificate_until(2046)?]);
        let mut roots = rustls::RootCertStore::empty();
        roots.add(root)?;
        let policy = AddressPolicy::allowing(vec!["127.0.0.0/8".parse()?]);
        let outbound = Outbound::rerouted(policy, roots, HashMap::from([(HOST.to_owned(), sns.address())]))?;
        Ok(Self { sns, outbound })
    }

    /// An outbound client that reaches this host under Amazon's name, and no other host.
    pub fn outbound(&self) -> Outbound {
        self.outbound.clone()
    }
}

/// The path of [`CERTIFICATE_URL`].
pub fn certificate_path() -> &'static str {
    CERTIFICATE_URL.split_once(HOST).map_or("", |(_, path)| path)
}

/// Makes the host serve a certificate that is valid until the beginning of `year`.
pub fn certificate_until(year: i32) -> anyhow::Result<Answer> {
    Ok(Answer::Full(
        200,
        vec![("content-type", "binary/octet-stream".to_owned())],
        sns::certificate_until(year)?.into(),
    ))
}
