//! Redrives: SQS moves the jobs of the dead-letter queue back to the deliveries queue. Only admins may start one,
//! because the queue has the jobs of all tenants.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use jiff::Timestamp;
use serde::Serialize;
use shared::problem::Problem;
use shared::queue::redrive::{Redrive, RedriveError, RedriveState};

use crate::http::error::ApiError;
use crate::room::Api;

mod cancel;
mod list;
mod redrive_id;
mod read;
mod start;

use redrive_id::RedriveId;

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/api/v1/redrives", get(list::list).post(start::start))
        .route("/api/v1/redrives/{redrive_id}", get(read::read).delete(cancel::cancel))
}

/// A redrive as answers show it. The numbers are approximations by SQS.
#[derive(Debug, Serialize)]
struct RedriveView {
    id: String,
    state: &'static str,
    started_at: String,
    max_per_second: Option<i32>,
    moved: i64,
    to_move: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<String>,
}

impl RedriveView {
    /// What is known of a redrive that has just started.
    fn just_started(started_at: Timestamp, max_per_second: Option<i32>) -> Self {
        Self {
            id: RedriveId::of(started_at).to_string(),
            state: "running",
            started_at: started_at.to_string(),
            max_per_second,
            moved: 0,
            to_move: None,
            failure_reason: None,
        }
    }
}

impl From<&Redrive> for RedriveView {
    fn from(redrive: &Redrive) -> Self {
        let failure_reason = match &redrive.state {
            RedriveState::Failed { reason } => reason.clone(),
            RedriveState::Running { .. }
            | RedriveState::Completed
            | RedriveState::Cancelling
            | RedriveState::Cancelled => None,
        };
        Self {
            id: RedriveId::of(redrive.started_at).to_string(),
            state: redrive.state.as_str(),
            started_at: redrive.started_at.to_string(),
            max_per_second: redrive.max_per_second,
            moved: redrive.moved,
            to_move: redrive.to_move,
            failure_reason,
        }
    }
}

/// The answer to an error of SQS. `refused` is the problem when SQS refuses this operation.
fn operation_error(error: RedriveError, refused: impl FnOnce() -> Problem) -> ApiError {
    match error {
        RedriveError::Refused(_) => refused().into(),
        RedriveError::NotOffered | RedriveError::Aws(_) => list_error(error),
    }
}

/// The answer to an error of listing redrives, which SQS has no reason to refuse.
fn list_error(error: RedriveError) -> ApiError {
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
