//! What a request for a recovery says.

use jiff::Timestamp;
use serde_json::Value;
use shared::problem::Problem;
use shared::recovery::{DEFAULT_RATE, MAX_SPAN, RATE, Recoverable};

use crate::http::body::{Faults, Fields, list, parsed, whole};
use crate::http::time_range::rfc_3339;

/// What is to be recovered, and how fast.
#[derive(Debug)]
pub(super) struct Given {
    /// In the order of [`Recoverable::ALL`].
    pub(super) states: Vec<Recoverable>,
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
    pub(super) rate: u32,
}

impl Given {
    /// Reads the body of a request that comes in at `now`. What is asked for until later is asked for until now.
    pub(super) fn read(mut body: Fields, now: Timestamp) -> Result<Self, Problem> {
        let states = body.required("states", states);
        let since = body.required("since", time);
        let has_until = body.has("until");
        let until = body.optional("until", time);
        let until = if has_until { until.map(|until| until.min(now)) } else { Some(now) };
        let rate = body.optional("rate", whole(i64::from(*RATE.start())..=i64::from(*RATE.end())));
        let rate = rate.and_then(|rate| u32::try_from(rate).ok()).unwrap_or(DEFAULT_RATE);
        if let Some((since, until)) = since.zip(until) {
            if since > now {
                body.fault("since", "it is later than now");
            } else if since > until {
                body.fault("since", "it is later than `until`");
            } else if until.duration_since(since) > MAX_SPAN {
                body.fault("since", "a recovery covers at most 366 days; ask for several");
            }
        }
        let read = states.zip(since).zip(until);
        let ((states, since), until) = body.finish(read)?;
        Ok(Self { states, since, until, rate })
    }
}

fn states(value: Value) -> Result<Vec<Recoverable>, Faults> {
    let named = list(Recoverable::ALL.len(), state)(value)?;
    if named.is_empty() {
        return Err(format!("name at least one of {}", known()).into());
    }
    for (index, state) in named.iter().enumerate() {
        if named[..index].contains(state) {
            return Err(Faults::below(format!("/{index}"), format!("`{}` is named twice", state.as_str())));
        }
    }
    Ok(Recoverable::ALL.iter().copied().filter(|state| named.contains(state)).collect())
}

fn state(value: Value) -> Result<Recoverable, Faults> {
    let word = parsed::<String>(value)?;
    Recoverable::from_word(&word).ok_or_else(|| format!("expected one of {}", known()).into())
}

fn known() -> String {
    Recoverable::ALL.iter().map(|state| state.as_str()).collect::<Vec<_>>().join(", ")
}

/// At the precision at which it is stored.
fn time(value: Value) -> Result<Timestamp, Faults> {
    let time = rfc_3339(&parsed::<String>(value)?)?;
    Ok(Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time))
}
