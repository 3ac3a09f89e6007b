//! `POST /api/v1/redrives`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shared::problem::Problem;
use shared::queue::redrive::{MAX_PER_SECOND, RedriveState};

use super::{Shown, refusal};
use crate::http::body::{OptionalBody, whole};
use crate::http::caller::Operator;
use crate::http::error::Refusal;
use crate::room::Api;

pub(super) async fn start(
    _: Operator,
    State(api): State<Arc<Api>>,
    OptionalBody(mut body): OptionalBody,
) -> Result<(StatusCode, Json<Shown>), Refusal> {
    let rates = i64::from(*MAX_PER_SECOND.start())..=i64::from(*MAX_PER_SECOND.end());
    let max_per_second = body.optional("max_per_second", whole(rates));
    body.finish(Some(()))?;
    let max_per_second = max_per_second.and_then(|rate| i32::try_from(rate).ok());

    let started_at = api.now();
    let handle = api.redrives.start(max_per_second).await.map_err(|error| refusal(error, refused))?;
    // It runs now. That SQS cannot show it yet is no reason to answer that it does not.
    let listed = api.redrives.list().await.unwrap_or_default();
    let is_it = |state: &RedriveState| matches!(state, RedriveState::Running { handle: other } if *other == handle);
    let shown = listed.iter().find(|redrive| is_it(&redrive.state)).map(Shown::from);
    Ok((StatusCode::ACCEPTED, Json(shown.unwrap_or_else(|| Shown::just_started(started_at, max_per_second)))))
}

fn refused() -> Problem {
    let detail = "SQS did not start it, most likely because one is running: SQS runs one at a time. See \
                  GET /api/v1/redrives; wait for the end of that one, or cancel it.";
    Problem::new(409, "redrive-refused", "The redrive was not started", detail)
}
