//! Recoveries: held, dead or missing deliveries of one webhook, or of all webhooks of a tenant, since a given time are
//! attempted again, at a given rate. `deliver` does them page by page; here they are started, shown and cancelled.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use serde::Serialize;
use shared::recovery::{Recovery, RecoveryStatus};

use crate::room::Api;

mod cancel;
mod request;
mod list;
mod read;
mod start;

pub(crate) fn routes() -> Router<Arc<Api>> {
    Router::new()
        .route("/api/v1/webhooks/{webhook_id}/recover", post(start::of_webhook))
        .route("/api/v1/recoveries", get(list::list).post(start::of_tenant))
        .route("/api/v1/recoveries/{recovery_id}", get(read::read).delete(cancel::cancel))
}

/// A recovery as answers show it.
#[derive(Debug, Serialize)]
struct RecoveryView {
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
