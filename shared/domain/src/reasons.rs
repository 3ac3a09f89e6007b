//! Why something became of a webhook or a delivery: the words that states, events and answers have in common.

use crate::words::closed_words;

closed_words!(
    /// Why a webhook is disabled.
    DisabledReason {
        /// The tenant asked for it.
        Requested = "requested",
        /// The receiver answered 410 Gone.
        Gone = "gone",
        /// Its breaker was open for too long.
        Failing = "failing",
        /// The receiver answered `webhook-delivery: disable`.
        ReceiverAsked = "receiver_asked",
    }
);

closed_words!(
    /// Why a delivery was given up.
    DeadReason {
        /// The retry policy's schedule is used up.
        AttemptsExhausted = "attempts_exhausted",
        /// The receiver answered 410: it is gone for good.
        Gone = "gone",
        /// The job names an event that is no longer stored.
        EventExpired = "event_expired",
        /// The receiver answered `webhook-delivery: abort-message`.
        Aborted = "aborted",
        /// The receiver answered `webhook-delivery: disable`.
        ReceiverAsked = "receiver_asked",
        /// The receiver answered with a status that means "not again" in its dialect.
        Refused = "refused",
        /// It is larger than a message of the webhook's stream may be.
        TooLarge = "too_large",
        /// This version cannot read the job, or the event that the job refers to.
        Unreadable = "unreadable",
    }
);

closed_words!(
    /// What closed a breaker.
    ClosedReason {
        /// Its probe was accepted.
        Recovered = "recovered",
        /// Its probe found nothing held; the next delivery is the probe.
        NothingHeld = "nothing_held",
        /// The tenant let the webhook go by hand.
        Requested = "requested",
    }
);
