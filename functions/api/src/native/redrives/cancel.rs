//! `DELETE /api/v1/redrives/{redrive_id}`: what was moved by then stays moved

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use shared::problem::Problem;
use shared::queue::redrive::RedriveState;

use super::redrive_id::RedriveId;
use super::{refusal, unlisted};
use crate::http::caller::Operator;
use crate::http::error::{Refusal, not_found};
use crate::http::path::Id;
use crate::room::Api;

pub(super) async fn cancel(
    _: Operator,
    State(api): State<Arc<Api>>,
    Id(id): Id<RedriveId>,
) -> Result<StatusCode, Refusal> {
    let redrives = api.redrives.list().await.map_err(unlisted)?;
    let redrive = id.find(redrives).ok_or_else(|| not_found("redrive"))?;
    match redrive.state {
        RedriveState::Running { handle } => {
            api.redrives.cancel(&handle).await.map_err(|error| refusal(error, over))?;
            Ok(StatusCode::NO_CONTENT)
        }
        // Asked for a second time.
        RedriveState::Cancelling | RedriveState::Cancelled => Ok(StatusCode::NO_CONTENT),
        RedriveState::Completed | RedriveState::Failed { .. } => Err(over().into()),
    }
}

fn over() -> Problem {
    Problem::new(409, "redrive-over", "The redrive is over", "It does not run any more, so it cannot be cancelled.")
}
