//! The fields `rate_limit` and `batch`: how fast a webhook is delivered to, and how many events a POST carries.

use serde_json::Value;
use shared::dialect::Dialect;
use shared::rate_limit::RateLimit;
use shared::webhook::{BATCH, DEFAULT_BATCH};

use crate::http::body::whole;
use crate::http::field_errors::FieldErrors;

/// Maximum POSTs in a second.
pub(crate) fn rate_limit(value: Value) -> Result<RateLimit, FieldErrors> {
    let bounds = RateLimit::PER_SECOND;
    let number = whole(i64::from(*bounds.start())..=i64::from(*bounds.end()))(value)?;
    u32::try_from(number).ok().and_then(RateLimit::new).ok_or_else(|| "out of range".into())
}

/// Maximum events in a POST.
pub(crate) fn batch(value: Value) -> Result<u8, FieldErrors> {
    let number = whole(i64::from(*BATCH.start())..=i64::from(*BATCH.end()))(value)?;
    u8::try_from(number).map_err(|_| "out of range".into())
}

/// Refuses several events in one POST when receivers of `dialect` would not understand it. The error is one of `batch`
/// or of `dialect`; the caller knows which of them the request gave.
pub(crate) fn check_dialect(dialect: Dialect, batch: u8) -> Result<(), FieldErrors> {
    if batch == DEFAULT_BATCH || dialect.takes_arrays() {
        return Ok(());
    }
    let detail = format!(
        "the dialect `{}` cannot carry several events in one POST; give `\"batch\": 1`, or a dialect that can: {}",
        dialect.as_str(),
        with_arrays().join(", ")
    );
    Err(detail.into())
}

fn with_arrays() -> Vec<&'static str> {
    Dialect::ALL.iter().filter(|dialect| dialect.takes_arrays()).map(|dialect| dialect.as_str()).collect()
}
