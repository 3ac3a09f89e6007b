//! How fast and in what portions a webhook is delivered to, as far as that depends on its dialect.

use serde_json::Value;
use shared::dialect::Dialect;
use shared::problem::Fault;
use shared::rate_limit::RateLimit;
use shared::webhook::{BATCH, DEFAULT_BATCH};

use crate::http::body::{Faults, whole};

/// POSTs in a second.
pub(crate) fn rate_limit(value: Value) -> Result<RateLimit, Faults> {
    let bounds = RateLimit::PER_SECOND;
    let number = whole(i64::from(*bounds.start())..=i64::from(*bounds.end()))(value)?;
    u32::try_from(number).ok().and_then(RateLimit::new).ok_or_else(|| "out of range".into())
}

/// Events in a POST.
pub(crate) fn batch(value: Value) -> Result<u8, Faults> {
    let number = whole(i64::from(*BATCH.start())..=i64::from(*BATCH.end()))(value)?;
    u8::try_from(number).map_err(|_| "out of range".into())
}

/// Refuses several events in one POST where receivers would not understand it; `pointer` names the field to blame.
pub(crate) fn check_dialect(dialect: Dialect, batch: u8, pointer: &str) -> Result<(), Vec<Fault>> {
    if batch == DEFAULT_BATCH || dialect.takes_arrays() {
        return Ok(());
    }
    let detail = format!(
        "the dialect `{}` has no arrays, so every event has a POST of its own; give `\"batch\": 1`, or a dialect that \
         has them: {}",
        dialect.as_str(),
        with_arrays().join(", ")
    );
    Err(vec![Fault::new(pointer, detail)])
}

fn with_arrays() -> Vec<&'static str> {
    Dialect::ALL.iter().filter(|dialect| dialect.takes_arrays()).map(|dialect| dialect.as_str()).collect()
}
