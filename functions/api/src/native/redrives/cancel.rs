//! `DELETE /api/v1/redrives/{redrive_id}`: jobs that were moved before stay moved

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use shared::problem::Problem;
use shared::queue::redrive::RedriveState;

use super::error::{list_error, operation_error};
use super::redrive_id::RedriveId;
use crate::http::caller::Operator;
use crate::http::error::{ApiError, not_found};
use crate::http::path::Id;
use crate::noun::Noun;
use crate::room::Api;

pub(super) async fn cancel(
    _: Operator,
    State(api): State<Arc<Api>>,
    Id(id): Id<RedriveId>,
) -> Result<StatusCode, ApiError> {
    let redrives = api.redrives.list().await.map_err(list_error)?;
    let redrive = id.find(redrives).ok_or_else(|| not_found(Noun::Redrive))?;
    match redrive.state {
        RedriveState::Running { handle } => {
            api.redrives.cancel(&handle).await.map_err(|error| operation_error(error, over))?;
            Ok(StatusCode::NO_CONTENT)
        }
        // A repeated request.
        RedriveState::Cancelling | RedriveState::Cancelled => Ok(StatusCode::NO_CONTENT),
        RedriveState::Completed | RedriveState::Failed { .. } => Err(over().into()),
    }
}

fn over() -> Problem {
    Problem::new(409, "redrive-over", "The redrive is over", "This redrive has finished and cannot be cancelled.")
}
