//! How Mailjet's API says that something is wrong.

use serde_json::{Value, json};
use shared::problem::Problem;

/// The status and the body. Whatever is wrong with a request is 400 there.
pub(crate) fn error(problem: &Problem, request_id: &str) -> (u16, Value) {
    let status = if problem.status == 422 { 400 } else { problem.status };
    (status, json!({ "ErrorInfo": request_id, "ErrorMessage": problem.detail, "StatusCode": status }))
}
