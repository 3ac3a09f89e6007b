//! `DELETE /api/v1/recoveries/{recovery_id}`: deliveries that were queued before still go out

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use shared::id::RecoveryId;
use shared::problem::Problem;
use shared::recovery::RecoveryStatus;
use shared::store::StoreError;

use crate::http::caller::Manager;
use crate::http::error::{ApiError, not_found};
use crate::http::path::Id;
use crate::noun::Noun;
use crate::room::Api;

/// How often the cancellation is tried. Reason: between reading and writing the recovery may end, and then the next try
/// finds that it is over.
const TRIES: u8 = 3;

pub(super) async fn cancel(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<RecoveryId>,
) -> Result<StatusCode, ApiError> {
    for _ in 0..TRIES {
        let recovery = api.recoveries.get(tenant, id).await?.ok_or_else(|| not_found(Noun::Recovery))?;
        match recovery.status {
            RecoveryStatus::Running => {
                if api.recoveries.cancel(tenant, id, api.now()).await? {
                    return Ok(StatusCode::NO_CONTENT);
                }
            }
            // A repeated request.
            RecoveryStatus::Cancelled { .. } => return Ok(StatusCode::NO_CONTENT),
            RecoveryStatus::Done { .. } | RecoveryStatus::Failed { .. } => return Err(over().into()),
        }
    }
    Err(StoreError::Conflict.into())
}

fn over() -> Problem {
    Problem::new(409, "recovery-over", "The recovery is over", "This recovery has finished and cannot be cancelled.")
}
