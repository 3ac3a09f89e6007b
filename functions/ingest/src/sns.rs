//! What ingest fetches from Amazon SNS: the certificates that SNS signs with, and the confirmations of subscriptions.
//! Ingest calls nothing else, and it calls nothing for a topic that the source does not list.

use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;
use shared::address_policy::AddressPolicy;
use shared::cache::Cache;
use shared::outbound::{FetchError, Outbound, SetupError, SnsUrl};
use shared::provider::{Certificate, CertificateUrl, ConfirmationUrl};
use shared::store::registry::Certificates;

use crate::error::InternalError;

/// How long a certificate is trusted from memory, in seconds (an hour). The certificate at a URL never changes.
const CERTIFICATE_CACHE_SECONDS: u32 = 3600;
/// Time limit of a fetch. Reason: SNS waits 15 s for the answer to its post, and the function has 10 s.
const FETCH_TIME_LIMIT: Duration = Duration::from_secs(4);

/// The way to Amazon SNS. Its HTTP client is built when it is first needed, because most instances never need it.
#[derive(Debug)]
pub(crate) struct Sns {
    outbound: OnceLock<Outbound>,
    stored: Certificates,
    certificates: Cache<CertificateUrl, Certificate>,
}

impl Sns {
    /// The way to Amazon SNS. Fetched certificates are kept in `stored`.
    pub(crate) fn new(stored: Certificates) -> Self {
        Self { outbound: OnceLock::new(), stored, certificates: Cache::new(CERTIFICATE_CACHE_SECONDS) }
    }

    pub(crate) fn with_outbound(self, outbound: Outbound) -> Self {
        Self { outbound: OnceLock::from(outbound), ..self }
    }

    /// The certificate at `url`: from memory, from the registry, or from SNS. `None` means that SNS serves no
    /// certificate there, so the post that names the URL is not authentic.
    pub(crate) async fn certificate(
        &self,
        url: &CertificateUrl,
        now: Timestamp,
    ) -> Result<Option<Certificate>, InternalError> {
        if let Some(known) = self.certificates.get(url, now) {
            return Ok(Some(known));
        }
        let stored = self.stored.get(url, now).await?;
        let certificate = match stored.and_then(|pem| Certificate::parse(pem.as_bytes())) {
            Some(certificate) => Some(certificate),
            None => self.fetch_certificate(url, now).await?,
        };
        if let Some(certificate) = &certificate {
            self.certificates.put(url.clone(), certificate.clone(), now);
        }
        Ok(certificate)
    }

    async fn fetch_certificate(
        &self,
        url: &CertificateUrl,
        now: Timestamp,
    ) -> Result<Option<Certificate>, InternalError> {
        let pem = match self.outbound()?.fetch(SnsUrl::Certificate(url), FETCH_TIME_LIMIT).await {
            Ok(pem) => pem,
            // Any other 4xx, such as 429, is an error of ours: after a 401 SNS would never send the post again.
            Err(FetchError::Status(403 | 404 | 410)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Some((certificate, pem)) = Certificate::parse(&pem).zip(String::from_utf8(pem).ok()) else {
            return Ok(None);
        };
        self.stored.put(url, &pem, now).await?;
        tracing::info!("fetched the certificate {}", url.as_str());
        Ok(Some(certificate))
    }

    /// Confirms a subscription. SNS accepts a repeated confirmation.
    pub(crate) async fn confirm(&self, url: &ConfirmationUrl) -> Result<(), InternalError> {
        self.outbound()?.fetch(SnsUrl::Confirmation(url), FETCH_TIME_LIMIT).await?;
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
