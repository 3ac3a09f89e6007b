//! What each error of a use case is over HTTP. All APIs share this one conversion, because an error means the same in
//! each; an API's own `error.rs` only writes it in the format of its clients.

use shared::problem::Problem;
use shared::webhook::UrlHost;

use crate::http::error::{ApiError, conflict, not_found};
use crate::manage::error::ManageError;
use crate::noun::Noun;

impl From<ManageError> for ApiError {
    fn from(error: ManageError) -> Self {
        match error {
            ManageError::NotFound(noun) => not_found(noun).into(),
            ManageError::Conflict => conflict().into(),
            ManageError::Limit { noun, maximum } => limit_reached(noun, maximum).into(),
            ManageError::HostLimit { host, maximum } => host_limit_reached(&host, maximum).into(),
            ManageError::NotPending => not_pending().into(),
            ManageError::ChallengedTooSoon { seconds } => challenged_too_soon(seconds).into(),
            ManageError::Invalid(errors) => errors.into(),
            ManageError::Store(error) => error.into(),
            ManageError::Queue(error) => Self::unavailable(error),
        }
    }
}

/// 409: there is nothing to verify.
fn not_pending() -> Problem {
    let detail = "All URLs of this webhook may be delivered to already. Nothing is left to verify.";
    Problem::new(409, "webhook-not-pending", "The webhook is not pending", detail)
}

/// 409: nothing is delivered yet.
pub(crate) fn webhook_pending(detail: &str) -> Problem {
    Problem::new(409, "webhook-pending", "The webhook is pending", detail)
}

/// 429: each challenge is a POST to somebody who has not agreed to anything.
fn challenged_too_soon(seconds: i64) -> Problem {
    let detail = format!("The last challenge was less than a minute ago. Repeat this request in {seconds} s.");
    Problem::new(429, "challenged-too-soon", "The last challenge was a moment ago", detail)
}

/// 409: the tenant has the maximum number of these.
fn limit_reached(noun: Noun, maximum: u32) -> Problem {
    let detail = format!("This tenant has the maximum of {maximum} {}. Delete one first.", noun.plural());
    Problem::new(409, "limit-reached", "The limit is reached", detail)
}

/// 409: the tenant has the maximum number of webhooks with this host.
fn host_limit_reached(host: &UrlHost, maximum: u32) -> Problem {
    let detail = format!(
        "This tenant has the maximum of {maximum} webhooks with the host {host}. Use another host, or delete one of \
         these webhooks first."
    );
    Problem::new(409, "limit-reached", "The limit is reached", detail)
}
