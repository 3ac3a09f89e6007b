//! How the platform's API says that something is wrong.

use serde_json::{Value, json};
use shared::problem::Problem;

/// The status and the body.
pub(crate) fn error(problem: &Problem) -> (u16, Value) {
    let status = if problem.status == 422 { 400 } else { problem.status };
    (status, json!({ "error": problem.detail }))
}
