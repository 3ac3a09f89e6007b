//! How a request fails: with a problem that the sender can read, or with a cause that only the log gets.

use shared::access::Denied;
use shared::outbound::{FetchError, SetupError};
use shared::problem::Problem;
use shared::provider::Provider;
use shared::store::StoreError;

/// Why a request was not carried out; nothing of it is acknowledged.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The sender can do something about it.
    Problem(Problem),
    /// The path is known, the method is not; these are.
    Method(&'static str),
    /// We could not. Part of it may be stored; the same request again stores the rest.
    Failed {
        /// Why, for the log.
        cause: Trouble,
        /// The status after which the sender tries again.
        status: u16,
    },
}

/// Why a post could not be dealt with; our trouble, so the provider shall send it again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error("the client for Amazon SNS could not be built")]
    Setup(#[from] SetupError),
    #[error("nothing fetched from Amazon SNS")]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Unfinished(#[from] Unfinished),
    #[error("the function's time was up before anything was stored")]
    OutOfTime,
}

/// Not every event of a request is known to be stored; a repeat stores the rest.
#[derive(Debug, thiserror::Error)]
#[error("at least {stored} of {of} events are stored")]
pub(crate) struct Unfinished {
    /// How many are known to be stored.
    pub(crate) stored: usize,
    /// How many the request holds.
    pub(crate) of: usize,
    /// Why not all of them.
    #[source]
    pub(crate) cause: Interruption,
}

impl Unfinished {
    /// What the sender is told.
    pub(crate) fn detail(&self) -> String {
        let Self { stored, of, .. } = self;
        format!("At least {stored} of {of} events are stored. Send the same request again for the rest.")
    }
}

/// What ended the storing of events.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Interruption {
    #[error("the function's time was up")]
    OutOfTime,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal {
    /// The same, in the way that `provider` wants to be told of our own trouble.
    pub(crate) fn towards(self, provider: Provider) -> Self {
        match self {
            Self::Failed { cause, .. } => Self::Failed { cause, status: provider.status_in_trouble() },
            Self::Problem(_) | Self::Method(_) => self,
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Trouble::from(error).into()
    }
}

impl From<Unfinished> for Refusal {
    fn from(unfinished: Unfinished) -> Self {
        Trouble::from(unfinished).into()
    }
}

impl From<Trouble> for Refusal {
    fn from(cause: Trouble) -> Self {
        Self::Failed { cause, status: 503 }
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Problem(problem) => Self::Problem(problem),
            Denied::Store(error) => error.into(),
        }
    }
}

/// 413: more than `limit` bytes.
pub(crate) fn too_large(limit: usize) -> Problem {
    let detail = format!("A body may have at most {limit} bytes; split it into several requests.");
    Problem::new(413, "body-too-large", "The body is too large", detail)
}

/// 404: no such path.
pub(crate) fn unknown_path() -> Problem {
    let detail = "Events are posted to /api/webhooks/{ingest_key}, /api/webhooks or /api/v1/events.";
    Problem::new(404, "not-found", "Not found", detail)
}

/// 404: no source has this ingest key, in the same words whether one ever had.
pub(crate) fn unknown_ingest_key() -> Problem {
    let detail = "No source has this ingest key. Create a source, or give its ingest key a new one, and post to the path \
                  that the answer names.";
    Problem::new(404, "ingest-key-unknown", "Unknown ingest key", detail)
}

/// 401: no ingest key in the header, or one that no source has.
pub(crate) fn ingest_key_wanted() -> Problem {
    let detail = "Send a source's ingest key, as `Authorization: Bearer mhi_…` or as the password of basic auth.";
    Problem::new(401, "ingest-key-unknown", "Unknown ingest key", detail)
}
