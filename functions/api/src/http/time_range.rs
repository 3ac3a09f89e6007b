//! `from` and `to`: the range of event times that a list covers.

use jiff::{SignedDuration, Timestamp};
use shared::store::TimeRange;

use super::field_errors::FieldErrors;
use super::query::Query;

/// How far back a list goes when the request does not say.
const DEFAULT_LENGTH: SignedDuration = SignedDuration::from_hours(24);
/// Maximum length of the range of one list.
const MAX_LENGTH: SignedDuration = SignedDuration::from_hours(31 * 24);
/// A sender's clock may be this much ahead of ours. A list "until now" includes its events too.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// The range that the request asks for: RFC 3339, both ends included; by default the last 24 hours.
pub(crate) fn time_range(query: &mut Query, now: Timestamp) -> TimeRange {
    let to = query.optional("to", rfc_3339).unwrap_or_else(|| shifted(now, CLOCK_SKEW));
    let from = query.optional("from", rfc_3339).unwrap_or_else(|| shifted(to.min(now), -DEFAULT_LENGTH));
    if from > to {
        query.error("from", "must not be later than `to`");
    } else if to.duration_since(from) > MAX_LENGTH + CLOCK_SKEW {
        query.error("from", "a list covers at most 31 days; request several lists");
    }
    TimeRange { from, to }
}

/// A time as the API takes it.
pub(crate) fn rfc_3339(text: &str) -> Result<Timestamp, FieldErrors> {
    text.parse().map_err(|_| "expected a time like 2026-01-02T03:04:05Z (RFC 3339)".into())
}

fn shifted(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}
