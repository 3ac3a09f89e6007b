//! Why the state of a webhook, a breaker or a delivery changed. States, events and API answers use these words.

use crate::words::string_enum;

string_enum!(
    /// Why a webhook is disabled.
    DisabledReason {
        /// The tenant asked for it.
        Requested = "requested",
        /// The receiver answered 410 Gone.
        Gone = "gone",
        /// Its breaker was open for longer than the webhook allows.
        Failing = "failing",
        /// The receiver answered `webhook-delivery: disable`.
        ReceiverAsked = "receiver_asked",
    }
);

string_enum!(
    /// Why a delivery was given up.
    DeadReason {
        /// The retry policy's schedule is used up.
        AttemptsExhausted = "attempts_exhausted",
        /// The receiver answered 410 Gone, and the webhook is disabled.
        Gone = "gone",
        /// The retention is over: the event is no longer stored, or the delivery was held for that long.
        EventExpired = "event_expired",
        /// The receiver answered `webhook-delivery: abort-message`.
        Aborted = "aborted",
        /// The receiver answered `webhook-delivery: disable`.
        ReceiverAsked = "receiver_asked",
        /// The receiver answered with a status that is final in the webhook's dialect.
        Refused = "refused",
        /// The delivery is larger than a message of the webhook's stream may be.
        TooLarge = "too_large",
        /// This version cannot read the job, or the event that the job refers to.
        Unreadable = "unreadable",
    }
);

string_enum!(
    /// What closed a breaker.
    ClosedReason {
        /// A probe was accepted.
        Recovered = "recovered",
        /// The probe found no held delivery. The next delivery acts as the probe.
        NothingHeld = "nothing_held",
        /// The tenant enabled or unpaused the webhook, or the tenant's new URL answered a challenge.
        Requested = "requested",
    }
);
