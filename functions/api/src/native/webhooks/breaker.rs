//! A webhook's breaker: its settings as given and shown, and its state.

use std::ops::RangeInclusive;

use serde::Serialize;
use serde_json::{Value, json};
use shared::breaker::{Breaker, BreakerSettings};

use crate::http::body::{Faults, Fields, object, whole};

/// Reads `{"failures": …, "window_seconds": …, "disable_after_hours": …}`; what is left out is the default.
pub(super) fn settings(value: Value) -> Result<BreakerSettings, Faults> {
    object(|fields| {
        let default = BreakerSettings::default();
        Some(BreakerSettings {
            failures: number(fields, "failures", BreakerSettings::FAILURES).unwrap_or(default.failures),
            window_seconds: number(fields, "window_seconds", BreakerSettings::WINDOW_SECONDS)
                .unwrap_or(default.window_seconds),
            disable_after_hours: number(fields, "disable_after_hours", BreakerSettings::DISABLE_AFTER_HOURS)
                .unwrap_or(default.disable_after_hours),
        })
    })(value)
}

fn number(fields: &mut Fields, name: &'static str, bounds: RangeInclusive<u32>) -> Option<u32> {
    let bounds = i64::from(*bounds.start())..=i64::from(*bounds.end());
    fields.optional(name, whole(bounds)).and_then(|number| u32::try_from(number).ok())
}

/// The settings, whole.
pub(super) fn shown_settings(settings: BreakerSettings) -> Value {
    json!({
        "failures": settings.failures,
        "window_seconds": settings.window_seconds,
        "disable_after_hours": settings.disable_after_hours,
    })
}

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
