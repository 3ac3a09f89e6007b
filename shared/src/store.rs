//! The three DynamoDB tables. Concrete clients; every method takes the tenant, or an id whose row names it and is
//! checked. Keys are built in one file per table; stored items have their own structs with a version.

use std::error::Error;

pub mod deliveries;
pub mod events;
pub mod registry;
mod telling;
mod timeline;

pub use deliveries::Deliveries;
pub use events::Events;
pub use registry::Registry;
pub use telling::Telling;
pub use timeline::TimeRange;

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
    fn aws(error: impl Error + Send + Sync + 'static) -> Self {
        Self::Aws(Box::new(error))
    }

    /// Wraps why there is no data key.
    fn data_key(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::DataKey(error.into())
    }

    /// Wraps an unreadable item.
    pub fn unreadable(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Unreadable(error.into())
    }
}

/// One page of a list, with where to go on.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Passed back to get the next page; `None` at the end.
    pub next: Option<String>,
}
