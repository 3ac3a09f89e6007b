//! The consent of a webhook's URLs, as it is shown.

use serde::Serialize;
use shared::webhook::{ChallengeResult, PendingReason, UrlVerification};

/// Whether the webhook's URLs have agreed to be delivered to.
#[derive(Debug, Serialize)]
pub(super) struct VerificationView {
    /// `pending`: deliveries are held until the URLs have answered; `verified`: they have.
    status: &'static str,
    /// Why the webhook is pending.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Since when it is, or was, pending.
    since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified_at: Option<String>,
    /// The fields of the webhook whose URLs have still to answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unverified: Vec<&'static str>,
    /// How many challenges were made since the change of the URL, or since the last repeat call.
    challenges: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_challenge_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_challenge: Option<LastChallengeView>,
}

#[derive(Debug, Serialize)]
struct LastChallengeView {
    at: String,
    /// Absent while it is under way, and if its result was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'static str>,
}

impl From<&UrlVerification> for VerificationView {
    fn from(asked: &UrlVerification) -> Self {
        let urls = [("url", asked.main), ("backup_url", asked.backup)];
        let result = asked.result.map(ChallengeResult::as_str);
        let at = asked.challenged_at.to_string();
        Self {
            status: if asked.is_pending() { "pending" } else { "verified" },
            reason: asked.pending_reason().map(PendingReason::as_str),
            since: asked.since.to_string(),
            verified_at: asked.verified_at.map(|at| at.to_string()),
            unverified: urls.into_iter().filter(|(_, is_left)| *is_left).map(|(name, _)| name).collect(),
            challenges: asked.challenges,
            next_challenge_at: asked.next_challenge_at().map(|at| at.to_string()),
            last_challenge: (asked.challenges > 0).then_some(LastChallengeView { at, result }),
        }
    }
}
