//! How a request fails: with a problem that the sender can read, or with a cause that only the log gets.

use std::error::Error;

use shared::access::AccessError;
use shared::outbound::{FetchError, SetupError};
use shared::problem::Problem;
use shared::provider::{self, Provider, VerificationError};
use shared::store::StoreError;

/// The status of a valid API key that may not publish.
const FORBIDDEN: u16 = 403;
/// The word of the problem of an ingest key that no source has.
const UNKNOWN_INGEST_KEY: &str = "ingest-key-unknown";

/// Why a request was not carried out. Nothing of it is acknowledged.
#[derive(Debug)]
pub(crate) enum IngestError {
    /// The request carries no valid key. The answer asks for one.
    Unauthorised(Problem),
    /// The sender can correct the request.
    Problem(Problem),
    /// A provider's post is not accepted. The log gets the reason; the sender reads less.
    Rejected(provider::InboundPostError),
    /// The path exists but does not support the method; these methods it supports.
    Method(&'static str),
    /// We failed. Part of the request may be stored; the same request again stores the rest.
    Internal {
        /// Why, for the log.
        cause: InternalError,
        /// The status after which the sender tries again.
        status: u16,
    },
}

/// Why we could not process a request that may be right. Its sender should send it again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InternalError {
    #[error("the client for Amazon SNS could not be built")]
    Setup(#[from] SetupError),
    #[error("nothing could be fetched from Amazon SNS")]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Unfinished(#[from] UnfinishedError),
    #[error("the function's time was up before anything was stored")]
    OutOfTime,
}

/// Perhaps not every event of a request is stored. The same request again stores the rest.
#[derive(Debug, thiserror::Error)]
#[error("at least {stored} of {of} events are stored")]
pub(crate) struct UnfinishedError {
    /// How many events are certainly stored.
    pub(crate) stored: usize,
    /// How many events the request has.
    pub(crate) of: usize,
    /// Why storing ended early.
    #[source]
    pub(crate) cause: InterruptionError,
}

impl UnfinishedError {
    /// What the sender reads.
    pub(crate) fn detail(&self) -> String {
        let Self { stored, of, .. } = self;
        format!("At least {stored} of {of} events are stored. Send the same request again for the rest.")
    }
}

/// What ended the storing of events early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InterruptionError {
    #[error("the function's time was up")]
    OutOfTime,
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl IngestError {
    /// The error with the status that tells the provider to send the post again, if it is ours. Without a provider it
    /// stays as it is.
    pub(crate) fn for_provider(self, provider: Option<Provider>) -> Self {
        match (self, provider) {
            (Self::Internal { cause, .. }, Some(provider)) => {
                Self::Internal { cause, status: provider.status_in_trouble() }
            }
            (error, _) => error,
        }
    }

    /// The status of the answer, if it is because of an API key or an ingest key.
    pub(crate) fn refused_key(&self) -> Option<u16> {
        match self {
            Self::Unauthorised(problem) => Some(problem.status),
            Self::Problem(problem) if problem.status == FORBIDDEN || problem.kind == UNKNOWN_INGEST_KEY => {
                Some(problem.status)
            }
            Self::Problem(_) | Self::Rejected(_) | Self::Method(_) | Self::Internal { .. } => None,
        }
    }

    /// Logs a post that is rejected, and what we failed at. Other errors are the sender's to know.
    pub(crate) fn log(&self) {
        match self {
            Self::Unauthorised(_) | Self::Problem(_) | Self::Method(_) => {}
            Self::Rejected(refusal) => tracing::warn!("the post is rejected: {refusal}"),
            Self::Internal { cause, .. } => tracing::error!(error = cause as &dyn Error, "the request failed"),
        }
    }
}

impl From<Problem> for IngestError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<provider::InboundPostError> for IngestError {
    fn from(refusal: provider::InboundPostError) -> Self {
        Self::Rejected(refusal)
    }
}

impl From<VerificationError> for IngestError {
    fn from(reason: VerificationError) -> Self {
        Self::Rejected(reason.into())
    }
}

impl From<StoreError> for IngestError {
    fn from(error: StoreError) -> Self {
        InternalError::from(error).into()
    }
}

impl From<UnfinishedError> for IngestError {
    fn from(error: UnfinishedError) -> Self {
        InternalError::from(error).into()
    }
}

impl From<InternalError> for IngestError {
    fn from(cause: InternalError) -> Self {
        Self::Internal { cause, status: 503 }
    }
}

impl From<AccessError> for IngestError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::NoValidKey => Self::Unauthorised(error.problem()),
            AccessError::MissingPermission(_)
            | AccessError::OtherTenant
            | AccessError::TenantMissing
            | AccessError::InvalidTenantId => Self::Problem(error.problem()),
            AccessError::Store(error) => error.into(),
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
    let detail = "No such endpoint. InboundPost events to /api/webhooks/{ingest_key}, /api/webhooks or /api/v1/events.";
    Problem::new(404, "not-found", "Not found", detail)
}

/// 404: no source has this ingest key. The text does not tell whether a source ever had it.
pub(crate) fn unknown_ingest_key() -> IngestError {
    let detail = "No source has this ingest key. Create a source, or rotate the ingest key of one, and post to the \
                  path that the answer names.";
    Problem::new(404, UNKNOWN_INGEST_KEY, "Unknown ingest key", detail).into()
}

/// 401: no ingest key in the header, or one that no source has.
pub(crate) fn ingest_key_required() -> IngestError {
    let detail = "Send a source's ingest key, as `Authorization: Bearer mhi_…` or as the password of basic auth.";
    IngestError::Unauthorised(Problem::new(401, UNKNOWN_INGEST_KEY, "Unknown ingest key", detail))
}
