//! Errors in the format of Mailgun's API.

use serde_json::{Value, json};
use shared::problem::Problem;

use super::event_group::webhook_not_found;
use super::plan::PlanError;
use crate::http::error::ApiError;

/// What a request without a valid key is answered. Reason: its clients cannot send a bearer key.
const UNAUTHORISED: &str = "Send a valid API key by basic auth: `api` as user and the whole key, `mh_…`, as password.";

/// The status and the body. In this API 400 stands for invalid fields too.
pub(crate) fn error(error: &ApiError) -> (u16, Value) {
    let problem = error.problem();
    let (status, message) = match error {
        ApiError::Invalid(_) => (400, problem.detail),
        ApiError::Unauthorised(_) => (problem.status, UNAUTHORISED.to_owned()),
        ApiError::KeyRefused(_) | ApiError::Problem(_) | ApiError::Unreadable(_) | ApiError::Unavailable(_) => {
            (problem.status, problem.detail)
        }
    };
    (status, json!({ "message": message }))
}

impl From<PlanError> for ApiError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::AlreadyExists => {
                let detail = "Webhook already exists; replace its URLs by PUT.";
                Problem::new(400, "already-exists", "Exists already", detail).into()
            }
            PlanError::Taken(errors) => errors.into(),
            PlanError::NotThisDomainAlone { webhook, url } => {
                let detail = format!(
                    "{url} gets these events as webhook {webhook}, which is not for this domain alone. Change its \
                     `domains` or `events`, or delete it, at /api/v1/webhooks/{webhook}."
                );
                Problem::new(400, "shared-webhook", "Not for this domain alone", detail).into()
            }
            PlanError::NotFound => webhook_not_found().into(),
        }
    }
}
