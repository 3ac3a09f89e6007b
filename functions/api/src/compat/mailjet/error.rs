//! Errors in the format of Mailjet's API.

use serde_json::{Value, json};
use shared::problem::Problem;

use super::rules::{NotOwnReason, RuleError};
use crate::http::error::{ApiError, not_found};
use crate::noun::Noun;

/// What a request without a valid key is answered. Reason: its clients cannot send a bearer key.
const UNAUTHORISED: &str = "Send a valid API key by basic auth: its id, `key_…`, as user and its secret as password.";

/// The status and the body. In this API 400 stands for invalid fields too.
pub(crate) fn error(error: &ApiError, request_id: &str) -> (u16, Value) {
    let problem = error.problem();
    let (status, message) = match error {
        ApiError::Invalid(_) => (400, problem.detail),
        ApiError::Unauthorised(_) => (problem.status, UNAUTHORISED.to_owned()),
        ApiError::KeyRefused(_) | ApiError::Problem(_) | ApiError::Unreadable(_) | ApiError::Unavailable(_) => {
            (problem.status, problem.detail)
        }
    };
    (status, json!({ "ErrorInfo": request_id, "ErrorMessage": message, "StatusCode": status }))
}

impl From<RuleError> for ApiError {
    fn from(error: RuleError) -> Self {
        match error {
            RuleError::NotFound => not_found(Noun::EventCallbackUrl).into(),
            RuleError::UnknownUrl => {
                let detail = "/Url: a URL with a masked password, or the name of a stream, stands for the stored URL \
                              that is shown so, and this entry has no such URL; give a whole https:// URL, or leave \
                              the field out. Streams are registered at /api/v1/webhooks";
                Problem::new(400, "invalid-request", "The request is not valid", detail).into()
            }
            RuleError::Taken { place, entry, url, webhook } => refused(format!(
                "There is already a {} for `{}`: ID {entry}, {url}, of webhook {webhook}. Change that URL, or delete \
                 it first.",
                place.role.noun(),
                place.event.as_str(),
            )),
            RuleError::NotOwn { entry, webhook, reason } => {
                let reason = match reason {
                    NotOwnReason::SeveralTypes => {
                        "has several event types, and all of them would be changed".to_owned()
                    }
                    NotOwnReason::Dialect(dialect) => {
                        format!("speaks the dialect `{}`, not Mailjet's", dialect.as_str())
                    }
                };
                refused(format!(
                    "ID {entry} is a part of webhook {webhook}, which {reason}. Change it at \
                     /api/v1/webhooks/{webhook}."
                ))
            }
            RuleError::OtherId(entry) => {
                refused(format!("/ID: this URL has the ID {entry}, which cannot be changed; leave it out"))
            }
            RuleError::OtherRoleExists(entry) => refused(format!(
                "/EventType: ID {entry} is the {} of this URL; delete that first",
                entry.place.role.noun()
            )),
            RuleError::StreamAsBackup => refused("/IsBackup: a stream cannot be a backup URL".to_owned()),
            RuleError::VersionOfMain(version) => refused(format!(
                "/Version: a backup URL has the version of its main URL, which is {}; leave it out, or change the main \
                 URL first",
                version.as_number()
            )),
            RuleError::StatusOfMain => {
                let detail = "/Status: a backup URL has the status of its main URL, which is alive; leave it out, or \
                              change the main URL";
                refused(detail.to_owned())
            }
        }
    }
}

/// 400: the request is valid, but the tenant's webhooks do not allow it.
fn refused(detail: String) -> ApiError {
    Problem::new(400, "refused", "Not possible", detail).into()
}
