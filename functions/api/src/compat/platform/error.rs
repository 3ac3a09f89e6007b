//! Errors in the format of the platform's API.

use serde_json::{Value, json};

use crate::http::error::ApiError;

/// The status and the body. In this API 400 stands for invalid fields too.
pub(crate) fn error(error: &ApiError) -> (u16, Value) {
    let problem = error.problem();
    let (status, message) = match error {
        ApiError::Invalid(_) => (400, problem.detail),
        ApiError::Unauthorised(_)
        | ApiError::KeyRefused(_)
        | ApiError::Problem(_)
        | ApiError::Unreadable(_)
        | ApiError::Unavailable(_) => (problem.status, problem.detail),
    };
    (status, json!({ "error": message }))
}
