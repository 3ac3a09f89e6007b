//! `DELETE /api/v1/recoveries/{recovery_id}`: what was sent by then stays sent

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use shared::id::RecoveryId;
use shared::problem::Problem;
use shared::recovery::RecoveryStatus;
use shared::store::StoreError;

use crate::http::caller::Manager;
use crate::http::error::{Refusal, not_found};
use crate::http::path::Id;
use crate::room::Api;

/// How often it is tried: between reading and writing it may end, or a change of the tenant's webhooks be in the way.
const TRIES: u8 = 3;

pub(super) async fn cancel(
    Manager(tenant): Manager,
    State(api): State<Arc<Api>>,
    Id(id): Id<RecoveryId>,
) -> Result<StatusCode, Refusal> {
    for _ in 0..TRIES {
        let recovery = api.registry.get_recovery(tenant, id).await?.ok_or_else(|| not_found("recovery"))?;
        match recovery.status {
            RecoveryStatus::Running => {
                if api.registry.cancel_recovery(tenant, id, api.now()).await? {
                    return Ok(StatusCode::NO_CONTENT);
                }
            }
            // Asked for a second time.
            RecoveryStatus::Cancelled { .. } => return Ok(StatusCode::NO_CONTENT),
            RecoveryStatus::Done { .. } | RecoveryStatus::Failed { .. } => return Err(over().into()),
        }
    }
    Err(StoreError::Conflict.into())
}

fn over() -> Problem {
    Problem::new(409, "recovery-over", "The recovery is over", "It does not run any more, so it cannot be cancelled.")
}
