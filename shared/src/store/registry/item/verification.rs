//! The stored form of what is known about the consent of a webhook's URLs: a part of the webhook's item. `deliver`
//! updates its attributes by name, in `url_verifications.rs`.

use serde::{Deserialize, Serialize};

use super::{StoreError, millis, word};
use domain::webhook::{ChallengeResult, UrlVerification, VerificationId};

#[derive(Serialize, Deserialize)]
pub(super) struct VerificationItem {
    id: String,
    since: i64,
    /// Absent while the webhook is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verified_at: Option<i64>,
    main_url: bool,
    backup_url: bool,
    challenges: u8,
    challenged_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_result: Option<String>,
}

impl From<&UrlVerification> for VerificationItem {
    fn from(asked: &UrlVerification) -> Self {
        Self {
            id: asked.id.as_str().to_owned(),
            since: asked.since.as_millisecond(),
            verified_at: asked.verified_at.map(jiff::Timestamp::as_millisecond),
            main_url: asked.main,
            backup_url: asked.backup,
            challenges: asked.challenges,
            challenged_at: asked.challenged_at.as_millisecond(),
            last_result: asked.result.map(|result| result.as_str().to_owned()),
        }
    }
}

impl TryFrom<VerificationItem> for UrlVerification {
    type Error = StoreError;

    fn try_from(item: VerificationItem) -> Result<Self, StoreError> {
        Ok(Self {
            id: VerificationId::from_stored(item.id),
            since: millis(item.since)?,
            verified_at: item.verified_at.map(millis).transpose()?,
            main: item.main_url,
            backup: item.backup_url,
            challenges: item.challenges,
            challenged_at: millis(item.challenged_at)?,
            result: item.last_result.map(|stored| word(ChallengeResult::from_word(&stored))).transpose()?,
        })
    }
}
