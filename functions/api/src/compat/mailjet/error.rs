//! Errors in the format of Mailjet's API.

use serde_json::{Value, json};

use crate::http::error::ApiError;

/// What a request without a valid key is answered. Reason: its clients cannot send a bearer key.
const UNAUTHORISED: &str = "Send a valid API key by basic auth: its id, `key_…`, as user and its secret as password.";

/// The status and the body. In this API 400 stands for invalid fields too.
pub(crate) fn error(error: &ApiError, request_id: &str) -> (u16, Value) {
    let problem = error.problem();
    let (status, message) = match error {
        ApiError::Invalid(_) => (400, problem.detail),
        ApiError::Unauthorised(_) => (problem.status, UNAUTHORISED.to_owned()),
        ApiError::Problem(_) | ApiError::Unavailable(_) => (problem.status, problem.detail),
    };
    (status, json!({ "ErrorInfo": request_id, "ErrorMessage": message, "StatusCode": status }))
}
