//! How Mailjet's API says that something is wrong.

use serde_json::{Value, json};
use shared::problem::Problem;

/// What clients that cannot send a bearer key are told instead.
const UNAUTHORISED: &str = "Send a valid API key by basic auth: its id, `key_…`, as user and its secret as password.";

/// The status and the body. Whatever is wrong with a request is 400 there.
pub(crate) fn error(problem: &Problem, request_id: &str) -> (u16, Value) {
    let status = if problem.status == 422 { 400 } else { problem.status };
    let message = if status == 401 { UNAUTHORISED } else { &problem.detail };
    (status, json!({ "ErrorInfo": request_id, "ErrorMessage": message, "StatusCode": status }))
}
