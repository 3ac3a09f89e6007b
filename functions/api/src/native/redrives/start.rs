//! `POST /api/v1/redrives`

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use shared::problem::Problem;
use shared::queue::redrive::{MAX_PER_SECOND, RedriveState};

use super::error::operation_error;
use super::view::RedriveView;
use crate::http::body::{OptionalBody, whole};
use crate::http::caller::Operator;
use crate::http::error::ApiError;
use crate::room::Api;

pub(super) async fn start(
    _: Operator,
    State(api): State<Arc<Api>>,
    OptionalBody(mut body): OptionalBody,
) -> Result<(StatusCode, Json<RedriveView>), ApiError> {
    let rates = i64::from(*MAX_PER_SECOND.start())..=i64::from(*MAX_PER_SECOND.end());
    let max_per_second = body.optional("max_per_second", whole(rates));
    let max_per_second = max_per_second.and_then(|rate| i32::try_from(rate).ok());
    body.finish(|| Some(()))?;

    let started_at = api.now();
    let handle = api.redrives.start(max_per_second).await.map_err(|error| operation_error(error, refused))?;
    // The redrive runs now. The answer says so even if SQS does not list it yet.
    let listed = api.redrives.list().await.unwrap_or_default();
    let is_it = |state: &RedriveState| matches!(state, RedriveState::Running { handle: other } if *other == handle);
    let shown = listed.iter().find(|redrive| is_it(&redrive.state)).map(RedriveView::from);
    Ok((StatusCode::ACCEPTED, Json(shown.unwrap_or_else(|| RedriveView::just_started(started_at, max_per_second)))))
}

fn refused() -> Problem {
    let detail = "SQS did not start the redrive, most likely because another one is running: SQS runs one at a time. \
                  Wait until that one has finished, or cancel it; GET /api/v1/redrives lists them.";
    Problem::new(409, "redrive-refused", "The redrive was not started", detail)
}
