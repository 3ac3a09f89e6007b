//! What a table operation can fail with.

use std::error::Error;

/// What a table operation can fail with; callers branch on it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else changed the row meanwhile, or it exists already or no more.
    #[error("the row is not as expected")]
    Conflict,
    /// The tenant has as many as it may have.
    #[error("the limit is reached")]
    LimitReached,
    /// A row that this version cannot read.
    #[error("a stored item cannot be read")]
    Unreadable(#[source] Box<dyn Error + Send + Sync>),
    /// The data key that seals secrets cannot be had: KMS did not answer or refused, or the key is lost.
    #[error("a data key cannot be had")]
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

    /// Wraps why there is no data key.
    pub(super) fn data_key(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::DataKey(error.into())
    }

    /// Wraps an unreadable item.
    pub fn unreadable(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unreadable(error.into())
    }
}
