//! Fetching from Amazon SNS. The type of the URL allows no other host.

use std::time::Duration;

use url::Url;

use super::Outbound;
use domain::provider::{Certificate, CertificateUrl, ConfirmationUrl};

/// A URL of Amazon SNS to fetch.
#[derive(Debug, Clone, Copy)]
pub enum SnsUrl<'a> {
    /// A certificate that a message names.
    Certificate(&'a CertificateUrl),
    /// The URL that confirms a subscription.
    Confirmation(&'a ConfirmationUrl),
}

/// Nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The status was not 200.
    #[error("answered {0}")]
    Status(u16),
    /// The body is larger than [`Certificate::MAX_BYTES`].
    #[error("answered more than {} bytes", Certificate::MAX_BYTES)]
    TooLarge,
    /// There was no response in time.
    #[error("not answered within the time limit")]
    Timeout,
    /// The request failed.
    #[error("not reached")]
    Unreached(#[source] reqwest::Error),
    /// The URL leads to an address that may not be called.
    #[error("this URL may not be called")]
    Blocked,
}

impl Outbound {
    /// Fetches a whole body of at most [`Certificate::MAX_BYTES`]. `time_limit` covers everything.
    pub async fn fetch(&self, url: SnsUrl<'_>, time_limit: Duration) -> Result<Vec<u8>, FetchError> {
        let url = match url {
            SnsUrl::Certificate(url) => url.as_url(),
            SnsUrl::Confirmation(url) => url.as_url(),
        };
        tokio::time::timeout(time_limit, self.read(url)).await.map_err(|_elapsed| FetchError::Timeout)?
    }

    async fn read(&self, url: &Url) -> Result<Vec<u8>, FetchError> {
        let clients = self.clients_for(url).ok_or(FetchError::Blocked)?;
        let mut response = clients.fresh.get(url.clone()).send().await.map_err(unreached)?;
        if response.status() != reqwest::StatusCode::OK {
            return Err(FetchError::Status(response.status().as_u16()));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreached)? {
            if body.len() + chunk.len() > Certificate::MAX_BYTES {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }
}

fn unreached(error: reqwest::Error) -> FetchError {
    // The URL of a confirmation contains a token, which must not get into the log.
    FetchError::Unreached(error.without_url())
}
