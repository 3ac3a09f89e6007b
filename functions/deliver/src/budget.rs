//! Whether an attempt fits into the time that the invocation has left. Pure.

use jiff::{SignedDuration, Timestamp};
use shared::webhook::Webhook;

/// Time that the invocation must have left after the attempt's own time limit. Reason: the attempt is recorded and the
/// queues are called in it.
const RECORDING_TIME: SignedDuration = SignedDuration::from_secs(5);

/// Maximum time that an attempt can take, its recording included.
pub(crate) fn time_needed(webhook: &Webhook) -> SignedDuration {
    SignedDuration::from_millis(i64::from(webhook.timeout_ms)) + RECORDING_TIME
}

/// Whether a request with this time limit that begins now ends before the invocation does.
pub(crate) fn fits_within(time_limit: SignedDuration, now: Timestamp, deadline: Timestamp) -> bool {
    now.saturating_add(time_limit + RECORDING_TIME).is_ok_and(|end| end <= deadline)
}

/// Whether an attempt that begins now ends before the invocation does.
pub(crate) fn fits(webhook: &Webhook, now: Timestamp, deadline: Timestamp) -> bool {
    now.saturating_add(time_needed(webhook)).is_ok_and(|end| end <= deadline)
}
