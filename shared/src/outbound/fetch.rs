//! What is fetched rather than posted: only from Amazon SNS, by the type of the URL.

use std::time::Duration;

use url::Url;

use super::Outbound;
use domain::provider::{Certificate, CertificateUrl, ConfirmationUrl};

/// Something to fetch from Amazon SNS.
#[derive(Debug, Clone, Copy)]
pub enum SnsUrl<'a> {
    /// A certificate that a message names.
    Certificate(&'a CertificateUrl),
    /// What confirms a subscription.
    Confirmation(&'a ConfirmationUrl),
}

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// It was answered, but not with 200.
    #[error("answered {0}")]
    Status(u16),
    /// More than [`Certificate::MAX_BYTES`].
    #[error("answered more than {} bytes", Certificate::MAX_BYTES)]
    TooLarge,
    /// It was not answered in time.
    #[error("not answered within the time limit")]
    Timeout,
    /// It could not be asked.
    #[error("not reached")]
    Unreached(#[source] reqwest::Error),
    /// The URL leads nowhere that may be called.
    #[error("not a URL that may be called")]
    Blocked,
}

impl Outbound {
    /// Fetches a whole body of at most [`Certificate::MAX_BYTES`]; `time_limit` is over everything.
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
    // A confirmation's URL holds a token, which must not reach the log.
    FetchError::Unreached(error.without_url())
}
