//! Errors of SQS, as answers.

use shared::problem::Problem;
use shared::queue::redrive::RedriveError;

use crate::http::error::ApiError;

/// The answer to an error of SQS. `refused` is the problem when SQS refuses this operation.
pub(super) fn operation_error(error: RedriveError, refused: impl FnOnce() -> Problem) -> ApiError {
    match error {
        RedriveError::Refused(_) => refused().into(),
        RedriveError::NotOffered | RedriveError::Aws(_) => list_error(error),
    }
}

/// The answer to an error of listing redrives, which SQS has no reason to refuse.
pub(super) fn list_error(error: RedriveError) -> ApiError {
    match error {
        RedriveError::NotOffered => not_offered().into(),
        RedriveError::Refused(_) | RedriveError::Aws(_) => ApiError::unavailable(error),
    }
}

/// 501: some emulators have no redrives.
fn not_offered() -> Problem {
    let detail = "This SQS endpoint does not support message move tasks (`StartMessageMoveTask`). AWS supports them. \
                  With an emulator that does not, receive the messages from the dead-letter queue and send them to \
                  the deliveries queue.";
    Problem::new(501, "redrive-not-offered", "The SQS endpoint cannot redrive", detail)
}
