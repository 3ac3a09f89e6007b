//! Errors of the tables.

use std::error::Error;

use domain::webhook::UrlHost;

/// A table operation failed. Callers branch on the kind.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row is not as expected: another caller has changed or created it, or it may be gone.
    #[error("the row is not as expected")]
    Conflict,
    /// The row is gone: another caller has deleted it.
    #[error("the row is gone")]
    Gone,
    /// Other callers kept the row in transactions, for longer than a write is repeated. Nothing was written.
    #[error("other transactions kept the row busy")]
    Busy,
    /// The tenant has the maximum number of such objects.
    #[error("the limit is reached")]
    LimitReached,
    /// The tenant has the maximum number of webhooks with the host.
    #[error("the limit of webhooks with one host is reached")]
    HostLimitReached {
        /// Which host.
        host: UrlHost,
        /// How many there may be.
        maximum: u32,
    },
    /// This version cannot read the row.
    #[error("a stored item cannot be read")]
    Unreadable(#[source] Box<dyn Error + Send + Sync>),
    /// The data key that seals secrets is not available: KMS did not answer or refused, or the key is lost.
    #[error("a data key is not available")]
    DataKey(#[source] Box<dyn Error + Send + Sync>),
    /// The call to DynamoDB failed, after the SDK's own retries.
    #[error("a call to DynamoDB failed")]
    Aws(#[source] Box<dyn Error + Send + Sync>),
}

impl StoreError {
    /// Wraps a failed call.
    pub(super) fn aws(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Aws(Box::new(error))
    }

    /// Wraps the reason why there is no data key.
    pub(super) fn data_key(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::DataKey(error.into())
    }

    /// Wraps an unreadable item.
    pub fn unreadable(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unreadable(error.into())
    }
}
