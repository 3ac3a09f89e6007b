//! A recovery's stored item.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{StoreError, VERSION, millis, parsed, word};
use domain::recovery::{FailureReason, Position, Progress, Recoverable, Recovery, RecoveryStatus};

#[derive(Serialize, Deserialize)]
pub(in crate::store::registry) struct RecoveryItem {
    v: u8,
    id: String,
    tenant: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    webhook: Option<String>,
    states: Vec<String>,
    since: i64,
    until: i64,
    rate: u32,
    status: String,
    /// Why the recovery failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// When the recovery ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ended: Option<i64>,
    page: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_webhook: Option<String>,
    at_state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at_row: Option<String>,
    looked_at: u64,
    recovered: u64,
    skipped: u32,
    created_at: i64,
    updated_at: i64,
    due_at: i64,
}

impl From<&Recovery> for RecoveryItem {
    fn from(recovery: &Recovery) -> Self {
        let reason = match recovery.status {
            RecoveryStatus::Failed { reason, .. } => Some(reason.as_str().to_owned()),
            RecoveryStatus::Running | RecoveryStatus::Done { .. } | RecoveryStatus::Cancelled { .. } => None,
        };
        Self {
            v: VERSION,
            id: recovery.id.to_string(),
            tenant: recovery.tenant.to_string(),
            webhook: recovery.webhook.map(|webhook| webhook.to_string()),
            states: recovery.states.iter().map(|state| state.as_str().to_owned()).collect(),
            since: recovery.since.as_millisecond(),
            until: recovery.until.as_millisecond(),
            rate: recovery.rate,
            status: recovery.status.as_str().to_owned(),
            reason,
            ended: recovery.status.finished_at().map(Timestamp::as_millisecond),
            page: recovery.page,
            at_webhook: recovery.position.webhook.map(|webhook| webhook.to_string()),
            at_state: recovery.position.state.as_str().to_owned(),
            at_row: recovery.position.after.clone(),
            looked_at: recovery.progress.looked_at,
            recovered: recovery.progress.recovered,
            skipped: recovery.progress.skipped_webhooks,
            created_at: recovery.created_at.as_millisecond(),
            updated_at: recovery.updated_at.as_millisecond(),
            due_at: recovery.due_at.as_millisecond(),
        }
    }
}

impl TryFrom<RecoveryItem> for Recovery {
    type Error = StoreError;

    fn try_from(item: RecoveryItem) -> Result<Self, StoreError> {
        let status = status(&item)?;
        let state = |name: &str| word(Recoverable::from_word(name));
        Ok(Self {
            id: parsed(&item.id)?,
            tenant: parsed(&item.tenant)?,
            webhook: item.webhook.as_deref().map(parsed).transpose()?,
            states: item.states.iter().map(|name| state(name)).collect::<Result<_, _>>()?,
            since: millis(item.since)?,
            until: millis(item.until)?,
            rate: item.rate,
            status,
            page: item.page,
            position: Position {
                webhook: item.at_webhook.as_deref().map(parsed).transpose()?,
                state: state(&item.at_state)?,
                after: item.at_row,
            },
            progress: Progress { looked_at: item.looked_at, recovered: item.recovered, skipped_webhooks: item.skipped },
            created_at: millis(item.created_at)?,
            updated_at: millis(item.updated_at)?,
            due_at: millis(item.due_at)?,
        })
    }
}

fn status(item: &RecoveryItem) -> Result<RecoveryStatus, StoreError> {
    let reason = item.reason.as_deref().and_then(FailureReason::from_word);
    let ended = item.ended.map(millis).transpose()?;
    word(match (item.status.as_str(), ended, reason) {
        ("running", _, _) => Some(RecoveryStatus::Running),
        ("done", Some(at), _) => Some(RecoveryStatus::Done { at }),
        ("cancelled", Some(at), _) => Some(RecoveryStatus::Cancelled { at }),
        ("failed", Some(at), Some(reason)) => Some(RecoveryStatus::Failed { at, reason }),
        _ => None,
    })
}
