//! What Amazon SNS asks to be fetched: the certificates that it signs with, and the confirmations of subscriptions.
//! Nothing else is ever called from here, and nothing at all for a topic that the source does not list.

use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;
use shared::address_policy::AddressPolicy;
use shared::cache::Cache;
use shared::outbound::{FetchError, Outbound, SetupError, SnsUrl};
use shared::provider::{Certificate, CertificateUrl, ConfirmationUrl, Unauthentic};
use shared::store::Registry;

use crate::refusal::Trouble;

/// How long a certificate is trusted from memory, in seconds (an hour); it does not change under its URL.
const MEMORY_SECONDS: u32 = 3600;
/// Time limit of a fetch. SNS waits 15 s for the answer to its post, and the function has 10 s.
const TIME_LIMIT: Duration = Duration::from_secs(4);

/// The way to Amazon SNS. The client for it is built when it is first needed: most functions never do.
#[derive(Debug)]
pub(crate) struct Sns {
    outbound: OnceLock<Outbound>,
    certificates: Cache<CertificateUrl, Certificate>,
}

impl Default for Sns {
    fn default() -> Self {
        Self { outbound: OnceLock::new(), certificates: Cache::new(MEMORY_SECONDS) }
    }
}

impl Sns {
    pub(crate) fn with_outbound(outbound: Outbound) -> Self {
        Self { outbound: OnceLock::from(outbound), ..Self::default() }
    }

    /// The certificate at `url`: from memory, from the registry, or from SNS. An error inside means that SNS serves no
    /// certificate there, so that the message which names it is not genuine.
    pub(crate) async fn certificate(
        &self,
        url: &CertificateUrl,
        registry: &Registry,
        now: Timestamp,
    ) -> Result<Result<Certificate, Unauthentic>, Trouble> {
        if let Some(known) = self.certificates.get(url, now) {
            return Ok(Ok(known));
        }
        let stored = registry.get_certificate(url, now).await?;
        let certificate = match stored.and_then(|pem| Certificate::parse(pem.as_bytes())) {
            Some(certificate) => certificate,
            None => match self.fetch_certificate(url, registry, now).await? {
                Some(certificate) => certificate,
                None => return Ok(Err(Unauthentic::WrongCertificate)),
            },
        };
        self.certificates.put(url.clone(), certificate.clone(), now);
        Ok(Ok(certificate))
    }

    async fn fetch_certificate(
        &self,
        url: &CertificateUrl,
        registry: &Registry,
        now: Timestamp,
    ) -> Result<Option<Certificate>, Trouble> {
        let pem = match self.outbound()?.fetch(SnsUrl::Certificate(url), TIME_LIMIT).await {
            Ok(pem) => pem,
            // Not so after any other 4xx, such as 429: SNS would give the post up for good after our 401.
            Err(FetchError::Status(403 | 404 | 410)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Some((certificate, pem)) = Certificate::parse(&pem).zip(String::from_utf8(pem).ok()) else {
            return Ok(None);
        };
        registry.put_certificate(url, &pem, now).await?;
        tracing::info!("fetched the certificate {}", url.as_str());
        Ok(Some(certificate))
    }

    /// Confirms a subscription. SNS takes a confirmation that it has already for a good one.
    pub(crate) async fn confirm(&self, url: &ConfirmationUrl) -> Result<(), Trouble> {
        self.outbound()?.fetch(SnsUrl::Confirmation(url), TIME_LIMIT).await?;
        Ok(())
    }

    fn outbound(&self) -> Result<&Outbound, SetupError> {
        if let Some(outbound) = self.outbound.get() {
            return Ok(outbound);
        }
        let built = Outbound::new(AddressPolicy::public_only())?;
        Ok(self.outbound.get_or_init(|| built))
    }
}
