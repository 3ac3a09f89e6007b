//! Whether an attempt fits into what is left of the invocation. Pure.

use jiff::{SignedDuration, Timestamp};
use shared::webhook::Webhook;

/// What must be left of the invocation's time beside the attempt's own limit: recording it, and the queue calls.
const MARGIN: SignedDuration = SignedDuration::from_secs(5);

/// The longest that an attempt can take, recording it included.
pub(crate) fn time_needed(webhook: &Webhook) -> SignedDuration {
    SignedDuration::from_millis(i64::from(webhook.timeout_ms)) + MARGIN
}

/// Whether an attempt that begins now is over before the invocation is.
pub(crate) fn fits(webhook: &Webhook, now: Timestamp, deadline: Timestamp) -> bool {
    now.saturating_add(time_needed(webhook)).is_ok_and(|end| end <= deadline)
}
