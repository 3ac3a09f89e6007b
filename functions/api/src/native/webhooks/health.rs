//! The state of a webhook's breaker, as it is shown.

use serde::Serialize;
use shared::breaker::Breaker;

/// Whether a webhook's deliveries are attempted or held.
#[derive(Debug, Serialize)]
pub(super) struct HealthView {
    /// `closed`: deliveries are attempted; `open`: they are held.
    state: &'static str,
    /// Consecutive failures; of a closed breaker only.
    #[serde(skip_serializing_if = "Option::is_none")]
    failures: Option<u32>,
    /// When the failures began, or when the breaker opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<String>,
    /// How many probes have failed; of an open breaker only.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed_probes: Option<u32>,
    /// When the next probe is made; of an open breaker only.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_probe_at: Option<String>,
}

impl From<&Breaker> for HealthView {
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
