//! A recovery as answers show it.

use serde::Serialize;
use shared::recovery::{Recovery, RecoveryStatus};

/// A recovery as answers show it.
#[derive(Debug, Serialize)]
pub(super) struct RecoveryView {
    id: String,
    /// Absent when the recovery is about all webhooks.
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_id: Option<String>,
    states: Vec<&'static str>,
    since: String,
    until: String,
    rate: u32,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<&'static str>,
    progress: ProgressView,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<String>,
}

/// What the recovery has done so far.
#[derive(Debug, Serialize)]
struct ProgressView {
    looked_at: u64,
    recovered: u64,
    skipped_webhooks: u32,
}

impl From<&Recovery> for RecoveryView {
    fn from(recovery: &Recovery) -> Self {
        let failure_reason = match recovery.status {
            RecoveryStatus::Failed { reason, .. } => Some(reason.as_str()),
            RecoveryStatus::Running | RecoveryStatus::Done { .. } | RecoveryStatus::Cancelled { .. } => None,
        };
        Self {
            id: recovery.id.to_string(),
            webhook_id: recovery.webhook.map(|webhook| webhook.to_string()),
            states: recovery.states.iter().map(|state| state.as_str()).collect(),
            since: recovery.since.to_string(),
            until: recovery.until.to_string(),
            rate: recovery.rate,
            status: recovery.status.as_str(),
            failure_reason,
            progress: ProgressView {
                looked_at: recovery.progress.looked_at,
                recovered: recovery.progress.recovered,
                skipped_webhooks: recovery.progress.skipped_webhooks,
            },
            created_at: recovery.created_at.to_string(),
            updated_at: recovery.updated_at.to_string(),
            finished_at: recovery.status.finished_at().map(|at| at.to_string()),
        }
    }
}
