//! How a request fails: with a problem that the sender can read, or with a cause that only the log gets.

use std::error::Error;

use jiff::Timestamp;
use shared::access::{AccessError, tenant_suspended};
use shared::outbound::{FetchError, SetupError};
use shared::problem::Problem;
use shared::provider::{self, Provider, VerificationError};
use shared::store::StoreError;

/// The word of the problem of an ingest key that no source has.
const UNKNOWN_INGEST_KEY: &str = "ingest-key-unknown";
/// After how many seconds the sender of a suspended tenant's events should try again (5 min). Reason: a suspension
/// lasts for minutes at least, and each try costs an invocation.
const SUSPENDED_RETRY_AFTER: i64 = 300;

/// Why a request was not carried out. Nothing of it is acknowledged.
#[derive(Debug)]
pub(crate) enum IngestError {
    /// The request carries no valid key. The answer asks for one.
    Unauthorised(Problem),
    /// The API key is valid but may not publish, or no source has the ingest key.
    KeyRefused(Problem),
    /// The sender can correct the request.
    Problem(Problem),
    /// The operator does not allow the tenant this request now. Nothing of it is stored; the sender has to repeat it.
    NotNow {
        /// What the sender reads. A provider's post gets the status after which the provider repeats it.
        problem: Problem,
        /// After how many seconds the sender should try again.
        retry_after: i64,
    },
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
            (Self::NotNow { problem, retry_after }, Some(provider)) => {
                Self::NotNow { problem: Problem { status: provider.status_to_wait(), ..problem }, retry_after }
            }
            (error, _) => error,
        }
    }

    /// The status of the answer, if it is because of an API key or an ingest key.
    pub(crate) fn refused_key(&self) -> Option<u16> {
        match self {
            Self::Unauthorised(problem) | Self::KeyRefused(problem) => Some(problem.status),
            Self::Problem(_) | Self::NotNow { .. } | Self::Rejected(_) | Self::Method(_) | Self::Internal { .. } => {
                None
            }
        }
    }

    /// Logs a post that is rejected, and what we failed at. Other errors are the sender's to know.
    pub(crate) fn log(&self) {
        match self {
            Self::Unauthorised(_) | Self::KeyRefused(_) | Self::Problem(_) | Self::NotNow { .. } | Self::Method(_) => {}
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
            | AccessError::UnknownRole
            | AccessError::OtherTenant
            | AccessError::TenantSuspended => Self::KeyRefused(error.problem()),
            AccessError::TenantMissing | AccessError::InvalidTenantId => Self::Problem(error.problem()),
            AccessError::Store(error) => error.into(),
        }
    }
}

/// 429: an operator has suspended the tenant of a source. The provider repeats the post, so nothing is lost if the
/// suspension ends soon.
pub(crate) fn suspended() -> IngestError {
    IngestError::NotNow { problem: tenant_suspended(429), retry_after: SUSPENDED_RETRY_AFTER }
}

/// 429: the tenant has had as many events in this minute as the operator allows.
pub(crate) fn over_limit(limit: u32, until: Timestamp, now: Timestamp) -> IngestError {
    let detail = format!(
        "This tenant may send {limit} events per minute. None of this request's events is stored; send the request \
         again after the time in `Retry-After`."
    );
    let retry_after = until.duration_since(now).as_secs().max(0) + 1;
    IngestError::NotNow { problem: Problem::new(429, "event-limit-reached", "Too many events", detail), retry_after }
}

/// 413: more than `limit` bytes.
pub(crate) fn too_large(limit: usize) -> Problem {
    let detail = format!("A body may have at most {limit} bytes; split it into several requests.");
    Problem::new(413, "body-too-large", "The body is too large", detail)
}

/// 404: no such path.
pub(crate) fn unknown_path() -> Problem {
    let detail = "No such endpoint. Post events to /api/webhooks/{ingest_key}, /api/webhooks or /api/v1/events.";
    Problem::new(404, "not-found", "Not found", detail)
}

/// 404: no source has this ingest key. The text does not tell whether a source ever had it.
pub(crate) fn unknown_ingest_key() -> IngestError {
    let detail = "No source has this ingest key. Create a source, or rotate the ingest key of one, and post to the \
                  path that the answer names.";
    IngestError::KeyRefused(Problem::new(404, UNKNOWN_INGEST_KEY, "Unknown ingest key", detail))
}

/// 401: no ingest key in the header, or one that no source has.
pub(crate) fn ingest_key_required() -> IngestError {
    let detail = "Send a source's ingest key, as `Authorization: Bearer mhi_…` or as the password of basic auth.";
    IngestError::Unauthorised(Problem::new(401, UNKNOWN_INGEST_KEY, "Unknown ingest key", detail))
}
