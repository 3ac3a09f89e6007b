//! How an operation fails: with a problem that the client can read, or with a cause that only the log gets.

use std::error::Error;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use shared::problem::Problem;
use shared::queue::EntryFailed;
use shared::store::StoreError;

/// Why an operation was not carried out. [`crate::answer`] turns it into the answer, where the request's id is known.
#[derive(Debug, Clone)]
pub(crate) enum Refusal {
    /// The client can do something about it.
    Problem(Problem),
    /// We could not. The client reads a fixed sentence, the log gets the cause.
    Failed(Problem, Arc<dyn Error + Send + Sync>),
}

impl Refusal {
    /// 503, of which only the log gets the cause.
    pub(crate) fn failed(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Failed(Problem::unavailable(), Arc::new(cause))
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Problem(conflict()),
            StoreError::LimitReached => Self::Problem(Problem::new(
                409,
                "limit-reached",
                "The limit is reached",
                "The tenant has as many as it may have; delete one first.",
            )),
            StoreError::Unreadable(_) | StoreError::DataKey(_) | StoreError::Aws(_) => Self::failed(error),
        }
    }
}

impl From<EntryFailed> for Refusal {
    fn from(error: EntryFailed) -> Self {
        Self::failed(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        // The status and the body are put by `answer::finish`.
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// 409: somebody else changed the object while it was being changed.
pub(crate) fn conflict() -> Problem {
    let detail =
        "Somebody else changed it at the same time. Read it again, then repeat the change if it still makes sense.";
    Problem::new(409, "conflict", "Changed meanwhile", detail)
}

/// 404: no such object, or it is another tenant's, which is the same to this one.
pub(crate) fn not_found(noun: &str) -> Problem {
    Problem::new(404, "not-found", "Not found", format!("There is no {noun} with this id."))
}

/// 403: the key may not do this.
pub(crate) fn forbidden(detail: &str) -> Problem {
    Problem::new(403, "forbidden", "Not allowed", detail)
}
