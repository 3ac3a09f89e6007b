//! A request for a recovery.

use jiff::Timestamp;
use serde_json::Value;
use shared::recovery::{DEFAULT_RATE_PER_SECOND, MAX_SPAN, RATE_PER_SECOND, Recoverable};

use crate::http::body::{Fields, list, parsed, whole};
use crate::http::field_errors::FieldErrors;
use crate::http::time_range::rfc_3339;

/// A valid request: which deliveries are recovered, and how fast.
#[derive(Debug)]
pub(super) struct StartRecovery {
    /// In the order of [`Recoverable::ALL`].
    pub(super) states: Vec<Recoverable>,
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
    pub(super) rate: u32,
}

impl StartRecovery {
    /// Reads the body of a request that arrives at `now`. An `until` in the future counts as now.
    pub(super) fn read(mut body: Fields, now: Timestamp) -> Result<Self, FieldErrors> {
        let states = body.required("states", states);
        let since = body.required("since", time);
        let has_until = body.has("until");
        let until = body.optional("until", time);
        let until = if has_until { until.map(|until| until.min(now)) } else { Some(now) };
        let rate =
            body.optional("rate", whole(i64::from(*RATE_PER_SECOND.start())..=i64::from(*RATE_PER_SECOND.end())));
        let rate = rate.and_then(|rate| u32::try_from(rate).ok()).unwrap_or(DEFAULT_RATE_PER_SECOND);
        if let (Some(since), Some(until)) = (since, until) {
            if since > now {
                body.error("since", "must not be later than now");
            } else if since > until {
                body.error("since", "must not be later than `until`");
            } else if until.duration_since(since) > MAX_SPAN {
                body.error("since", "a recovery covers at most 366 days; request several recoveries");
            }
        }
        body.finish(|| Some(Self { states: states?, since: since?, until: until?, rate }))
    }
}

fn states(value: Value) -> Result<Vec<Recoverable>, FieldErrors> {
    let named = list(Recoverable::ALL.len(), state)(value)?;
    if named.is_empty() {
        return Err(format!("name at least one of {}", known()).into());
    }
    for (index, state) in named.iter().enumerate() {
        if named[..index].contains(state) {
            return Err(FieldErrors::at(format!("/{index}"), format!("`{}` is named twice", state.as_str())));
        }
    }
    Ok(Recoverable::ALL.iter().copied().filter(|state| named.contains(state)).collect())
}

fn state(value: Value) -> Result<Recoverable, FieldErrors> {
    let word = parsed::<String>(value)?;
    Recoverable::from_word(&word).ok_or_else(|| format!("expected one of {}", known()).into())
}

fn known() -> String {
    Recoverable::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(", ")
}

/// A time, at the precision at which it is stored.
fn time(value: Value) -> Result<Timestamp, FieldErrors> {
    let time = rfc_3339(&parsed::<String>(value)?)?;
    Ok(Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time))
}
