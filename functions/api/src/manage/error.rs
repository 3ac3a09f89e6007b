//! How a use case fails. Each API turns these errors into its own answers, and may treat one of them as no failure.

use shared::queue::EntryFailed;
use shared::store::StoreError;
use shared::webhook::UrlHost;

use crate::http::field_errors::FieldErrors;
use crate::noun::Noun;

/// Why nothing, or not everything, was done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ManageError {
    /// The tenant has no such object.
    #[error("there is no such {0}")]
    NotFound(Noun),
    /// Another request keeps changing what this one changes.
    #[error("another request changed the object at the same time")]
    Conflict,
    /// The tenant has the maximum number of these.
    #[error("the tenant has the maximum of {maximum} {}", noun.plural())]
    Limit {
        /// What it has as many of as it may.
        noun: Noun,
        /// How many that is.
        maximum: u32,
    },
    /// The tenant has the maximum number of webhooks with this host.
    #[error("the tenant has the maximum of {maximum} webhooks with the host {host}")]
    HostLimit {
        /// Which host.
        host: UrlHost,
        /// How many there may be.
        maximum: u32,
    },
    /// The webhook's URLs need no challenge.
    #[error("the webhook is not pending")]
    NotPending,
    /// The last challenge was a moment ago.
    #[error("the next challenge can be asked for in {seconds} s")]
    ChallengedTooSoon {
        /// How long to wait.
        seconds: i64,
    },
    /// What was asked for is not possible for the object as it is.
    #[error("{0}")]
    Invalid(FieldErrors),
    /// A table could not be read or written.
    #[error(transparent)]
    Store(StoreError),
    /// A job could not be sent.
    #[error(transparent)]
    Queue(#[from] EntryFailed),
}

impl From<StoreError> for ManageError {
    /// [`super::limits::creation_error`] tells a reached limit with its number, so that error does not come here.
    fn from(error: StoreError) -> Self {
        match error {
            // A use case that deletes tells by itself that the row is gone. For every other one, somebody changed it.
            StoreError::Conflict | StoreError::Gone => Self::Conflict,
            StoreError::HostLimitReached { host, maximum } => Self::HostLimit { host, maximum },
            StoreError::LimitReached
            | StoreError::Busy
            | StoreError::Unreadable(_)
            | StoreError::DataKey(_)
            | StoreError::Aws(_) => Self::Store(error),
        }
    }
}

impl From<FieldErrors> for ManageError {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}
