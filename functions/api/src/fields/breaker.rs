//! A webhook's breaker: its settings as given and as shown.

use std::ops::RangeInclusive;

use serde_json::{Value, json};
use shared::breaker::BreakerSettings;

use crate::http::body::{Faults, Fields, object, whole};

/// Reads `{"failures": …, "window_seconds": …, "disable_after_hours": …}`; what is left out is the default.
pub(crate) fn settings(value: Value) -> Result<BreakerSettings, Faults> {
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
pub(crate) fn shown_settings(settings: BreakerSettings) -> Value {
    json!({
        "failures": settings.failures,
        "window_seconds": settings.window_seconds,
        "disable_after_hours": settings.disable_after_hours,
    })
}
