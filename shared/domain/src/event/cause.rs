//! Why an email did not arrive.

use crate::words::closed_words;

closed_words!(
    /// What kind of bounce (`providers.md` 1.1).
    BounceType {
        /// Do not mail this address again.
        Hard = "hard",
        /// Refused for now: policy, reputation, content, a full mailbox.
        Soft = "soft",
        /// The provider does not say.
        Undetermined = "undetermined",
    }
);

closed_words!(
    /// Why a provider did not attempt an email (`providers.md` 1.1).
    RejectReason {
        /// An earlier bounce.
        Bounced = "bounced",
        /// An earlier complaint.
        Complained = "complained",
        /// The recipient unsubscribed.
        Unsubscribed = "unsubscribed",
        /// On a suppression list, cause unknown.
        Suppressed = "suppressed",
        /// The address cannot be valid.
        Invalid = "invalid",
        /// Blocked by the provider.
        Blocked = "blocked",
        /// Its content was refused.
        Content = "content",
        /// A rule of the provider.
        Policy = "policy",
        /// Gave up waiting.
        TimedOut = "timed_out",
        /// A quota is used up.
        Quota = "quota",
        /// The template could not be rendered.
        Rendering = "rendering",
        /// Anything else.
        Other = "other",
    }
);
