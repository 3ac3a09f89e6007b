//! How a request fails: with a problem that the sender can read, or with a cause that only the log gets.

use shared::access::Denied;
use shared::problem::Problem;
use shared::store::StoreError;

/// Why a request was not carried out; nothing of it is acknowledged.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The sender can do something about it.
    Problem(Problem),
    /// The path is known, the method is not; these are.
    Method(&'static str),
    /// We could not. Part of it may be stored; the same request again stores the rest.
    Failed(StoreError),
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

impl From<Denied> for Refusal {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Problem(problem) => Self::Problem(problem),
            Denied::Store(error) => Self::Failed(error),
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
