//! How an operation fails: with a problem that the client can read, or with a cause that only the log gets.

use std::error::Error;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use shared::access::AccessError;
use shared::problem::Problem;
use shared::queue::EntryFailed;
use shared::store::StoreError;

use super::field_errors::FieldErrors;
use crate::noun::Noun;

/// Why an operation was not carried out. [`crate::answer`] turns the error into an answer in the words of the API that
/// was asked; only there the request's id is known.
#[derive(Debug, Clone)]
pub(crate) enum ApiError {
    /// The request carries no valid API key. Each API asks for it in its own way.
    Unauthorised(Problem),
    /// The API key is valid, but may not do this.
    KeyRefused(Problem),
    /// The request can be read, but its fields say something that is not possible.
    Invalid(FieldErrors),
    /// The client can do something else about it.
    Problem(Problem),
    /// The request needs a stored object that this release cannot read. The log gets the cause.
    Unreadable(Arc<dyn Error + Send + Sync>),
    /// We could not carry it out. The client reads a fixed sentence; the log gets the cause.
    Unavailable(Arc<dyn Error + Send + Sync>),
}

impl ApiError {
    /// For failures of what we depend on.
    pub(crate) fn unavailable(cause: impl Error + Send + Sync + 'static) -> Self {
        Self::Unavailable(Arc::new(cause))
    }

    /// What our own API answers.
    pub(crate) fn problem(&self) -> Problem {
        match self {
            Self::Unauthorised(problem) | Self::KeyRefused(problem) | Self::Problem(problem) => problem.clone(),
            Self::Invalid(errors) => errors.clone().into(),
            Self::Unreadable(_) => newer_release(),
            Self::Unavailable(_) => Problem::uncertain(),
        }
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<FieldErrors> for ApiError {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}

impl From<AccessError> for ApiError {
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

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            // An operation whose object is gone tells so by itself.
            StoreError::Conflict | StoreError::Gone => Self::Problem(conflict()),
            StoreError::Unreadable(_) => Self::Unreadable(Arc::new(error)),
            // An operation on things that have a maximum number tells the number itself, and all operations on webhooks
            // are use cases, so neither limit comes here.
            StoreError::LimitReached
            | StoreError::HostLimitReached { .. }
            | StoreError::Busy
            | StoreError::DataKey(_)
            | StoreError::Aws(_) => Self::unavailable(error),
        }
    }
}

impl From<EntryFailed> for ApiError {
    fn from(error: EntryFailed) -> Self {
        Self::unavailable(error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        // `answer::finish` sets the status and the body.
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// 409: another request changed the object while this one was changing it.
pub(crate) fn conflict() -> Problem {
    let detail = "Another request changed this object at the same time. Read the object again, and repeat the change \
                  if it is still needed.";
    Problem::new(409, "conflict", "Changed by another request", detail)
}

/// 409: the object is there, and this release cannot read it or must not act on it.
fn newer_release() -> Problem {
    let detail = "This release of the service cannot read the stored object, because a newer release may have written \
                  it. Nothing was changed. The object works again when the newer release is deployed again.";
    Problem::new(409, "newer-release", "Written by a newer release", detail)
}

/// 404: there is no such object, or another tenant has it. A caller cannot tell the two apart.
pub(crate) fn not_found(noun: Noun) -> Problem {
    Problem::new(404, "not-found", "Not found", format!("There is no {noun} with this id."))
}

/// 403: the key may not do this.
pub(crate) fn forbidden(detail: &str) -> ApiError {
    ApiError::KeyRefused(Problem::new(403, "forbidden", "Not allowed", detail))
}
