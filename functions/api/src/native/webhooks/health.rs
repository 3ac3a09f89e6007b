//! The state of a webhook's breaker, as it is shown.

use serde::Serialize;
use shared::breaker::Breaker;

/// Whether attempts succeed at present.
#[derive(Debug, Serialize)]
pub(super) struct Health {
    /// `closed`: deliveries are attempted; `open`: they are held.
    state: &'static str,
    /// Failures in a row, while closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failures: Option<u32>,
    /// Since when it has failed, or been open.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// How often a held delivery was tried in vain.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_probes: Option<u32>,
    /// When one is tried next.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_probe_at: Option<String>,
}

impl From<&Breaker> for Health {
    fn from(breaker: &Breaker) -> Self {
        match breaker {
            Breaker::Closed { failures, since, .. } => Self {
                state: "closed",
                failures: Some(*failures),
                since: since.map(|at| at.to_string()),
                failed_probes: None,
                next_probe_at: None,
            },
            Breaker::Open(open) => Self {
                state: "open",
                failures: None,
                since: Some(open.since.to_string()),
                failed_probes: Some(open.failed_probes),
                next_probe_at: Some(open.next_probe_at.to_string()),
            },
        }
    }
}
