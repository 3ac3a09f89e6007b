//! A redrive as answers show it.

use jiff::Timestamp;
use serde::Serialize;
use shared::queue::redrive::{Redrive, RedriveState};

use super::redrive_id::RedriveId;

/// A redrive as answers show it. The numbers are approximations by SQS.
#[derive(Debug, Serialize)]
pub(super) struct RedriveView {
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
    pub(super) fn just_started(started_at: Timestamp, max_per_second: Option<i32>) -> Self {
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
