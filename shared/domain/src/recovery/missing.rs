//! When an event without a delivery is missing, and when its first job may still be on its way.
//!
//! A delivery has no row before its first attempt, so the absence of a row alone proves nothing: the event may wait in
//! the stream, or its job in the queue, usually for seconds and during trouble for hours. While the event is young, its
//! first job makes the attempt without reading the row. Later, the first job reads the row and claims it before the
//! attempt, as every job that a recovery sends does. So the job that claims first makes the attempt, and the other one
//! is void. Nothing is lost, because the job for a missing delivery is sent regardless of what the queue may still
//! hold. Nothing is attempted twice.

use jiff::{SignedDuration, Timestamp};

use crate::id::WebhookId;

/// For this time after its event was accepted, a first job makes its attempt without reading the row (15 min). Reason:
/// ordinary backlogs are shorter.
const SKIP_ROW_PERIOD: SignedDuration = SignedDuration::from_mins(15);
/// After this time a recovery treats a delivery as missing (16 min). Reason: an attempt that began without reading the
/// row has ended by then, because no invocation takes a minute.
const MISSING_AFTER: SignedDuration = SignedDuration::from_mins(16);

/// Whether the first job of an event accepted at `accepted_at` may meet the job of a recovery. This is so when the
/// first job is late, and when the event is older than the webhook, because then the delivery counts as missing at
/// once.
pub fn is_late(accepted_at: Timestamp, webhook: WebhookId, now: Timestamp) -> bool {
    is_from_before(accepted_at, webhook) || now.duration_since(accepted_at) > SKIP_ROW_PERIOD
}

/// Whether an event accepted at `accepted_at` counts as missing at `now`, if the webhook wants the event and has no
/// delivery of it.
pub fn may_be_missing(accepted_at: Timestamp, webhook: WebhookId, now: Timestamp) -> bool {
    is_from_before(accepted_at, webhook) || now.duration_since(accepted_at) > MISSING_AFTER
}

/// Whether the event is older than the webhook. A webhook's id contains the time of its creation.
fn is_from_before(accepted_at: Timestamp, webhook: WebhookId) -> bool {
    accepted_at < webhook.time()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
    }

    #[test]
    fn an_event_from_before_the_webhook_is_missing_at_once_and_others_after_a_while() {
        let webhook = WebhookId::mint(at(1_000), [1; 10]);
        for (accepted, now, expected) in
            [(999, 1_001, true), (1_000, 1_001, false), (1_000, 1_960, false), (1_000, 1_961, true)]
        {
            assert_eq!(may_be_missing(at(accepted), webhook, at(now)), expected, "{accepted} at {now}");
        }
    }

    proptest! {
        /// An invocation takes 30 seconds at most. So each attempt that began without reading the row has ended before
        /// its delivery counts as missing.
        #[test]
        fn what_may_be_missing_has_no_first_job_that_does_not_look(
            accepted in 0_i64..5_000, made in 0_i64..5_000, now in 0_i64..20_000
        ) {
            let webhook = WebhookId::mint(at(made), [1; 10]);
            if may_be_missing(at(accepted), webhook, at(now)) {
                prop_assert!(is_late(at(accepted), webhook, at(now - 30)));
            }
        }
    }
}
