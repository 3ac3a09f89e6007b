//! Why an email did not arrive.

use crate::words::string_enum;

string_enum!(
    /// The kind of a bounce.
    BounceType {
        /// The address must not be mailed again.
        Hard = "hard",
        /// The email was refused for now: policy, reputation, content, or a full mailbox.
        Soft = "soft",
        /// The provider does not say which kind.
        Undetermined = "undetermined",
    }
);

string_enum!(
    /// Why a provider did not attempt to deliver an email.
    RejectReason {
        /// An earlier email to the address bounced.
        Bounced = "bounced",
        /// The recipient complained about an earlier email.
        Complained = "complained",
        /// The recipient unsubscribed.
        Unsubscribed = "unsubscribed",
        /// The address is on a suppression list, for an unknown cause.
        Suppressed = "suppressed",
        /// The address is invalid.
        Invalid = "invalid",
        /// The provider blocked the email.
        Blocked = "blocked",
        /// The content was refused.
        Content = "content",
        /// A policy of the provider forbids the email.
        Policy = "policy",
        /// The provider waited too long.
        TimedOut = "timed_out",
        /// A quota is used up.
        Quota = "quota",
        /// The template could not be rendered.
        Rendering = "rendering",
        /// Any other reason.
        Other = "other",
    }
);
