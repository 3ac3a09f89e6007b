//! The field `breaker`: when a webhook's breaker opens, and when it disables the webhook.

use std::ops::RangeInclusive;

use serde_json::{Value, json};
use shared::breaker::BreakerSettings;

use crate::http::body::{Fields, object, whole};
use crate::http::field_errors::FieldErrors;

/// Reads `{"failures": …, "window_seconds": …, "disable_after_hours": …}`; a field that is left out has its default.
pub(crate) fn settings(value: Value) -> Result<BreakerSettings, FieldErrors> {
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

/// All settings, as answers show them.
pub(crate) fn settings_view(settings: BreakerSettings) -> Value {
    json!({
        "failures": settings.failures,
        "window_seconds": settings.window_seconds,
        "disable_after_hours": settings.disable_after_hours,
    })
}
