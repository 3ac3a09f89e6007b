//! When an event without a delivery is one that nobody has sent, and not one whose first job is still under way.
//!
//! A delivery has no row before its first attempt, so its absence alone says nothing: the event may wait in the stream or
//! its job in the queue, for seconds as a rule and for hours in trouble. A first job attempts without a look at the row
//! while its event is young. Afterwards it looks, and claims the row before it attempts, as every job does that a
//! recovery sends. So of the two whoever comes first attempts, and the other is void: nothing is lost, because a missing
//! delivery's job is sent whatever the queue may still hold, and nothing is doubled.

use jiff::{SignedDuration, Timestamp};

use crate::id::WebhookId;

/// For how long after its event was accepted a first job attempts without looking (15 min): ordinary backlogs are over.
const YOUNG: SignedDuration = SignedDuration::from_mins(15);
/// When a recovery takes a delivery for missing (16 min): an attempt that was begun without looking has ended by then, for
/// no invocation takes a minute.
const MISSING_AFTER: SignedDuration = SignedDuration::from_mins(16);

/// Whether the first job for an event accepted at `accepted_at` has to reckon with a recovery's: it comes late, or the
/// event is from before the webhook's creation, and would be missing at once.
pub fn is_late(accepted_at: Timestamp, webhook: WebhookId, now: Timestamp) -> bool {
    is_from_before(accepted_at, webhook) || now.duration_since(accepted_at) > YOUNG
}

/// Whether an event accepted at `accepted_at` is missing at `now` if the webhook wants it and has no delivery of it.
pub fn may_be_missing(accepted_at: Timestamp, webhook: WebhookId, now: Timestamp) -> bool {
    is_from_before(accepted_at, webhook) || now.duration_since(accepted_at) > MISSING_AFTER
}

/// A webhook's id has the time of its creation.
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
        /// An invocation takes 30 seconds at most: whatever attempts without looking has ended before anything is missing.
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
