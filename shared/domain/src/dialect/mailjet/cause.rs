//! Why an email did not arrive, in the words of Mailjet's closed list.

use crate::event::{EventType, Facts, RejectReason};

/// Mailjet's word, and what the word is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cause {
    pub(super) related_to: &'static str,
    pub(super) error: &'static str,
}

/// Mailjet's list.
const CAUSES: [Cause; 20] = [
    cause("recipient", "user unknown"),
    cause("recipient", "mailbox inactive"),
    cause("recipient", "quota exceeded"),
    cause("recipient", "blacklisted"),
    cause("recipient", "spam reporter"),
    cause("domain", "invalid domain"),
    cause("domain", "no mail host"),
    cause("domain", "relay/access denied"),
    cause("domain", "greylisted"),
    cause("domain", "typofix"),
    cause("content", "bad or empty template"),
    cause("content", "error in template language"),
    cause("spam", "sender blocked"),
    cause("spam", "content blocked"),
    cause("spam", "policy issue"),
    cause("system", "system issue"),
    cause("system", "protocol issue"),
    cause("system", "connection issue"),
    cause("mailjet", "preblocked"),
    cause("mailjet", "duplicate in campaign"),
];

const fn cause(related_to: &'static str, error: &'static str) -> Cause {
    Cause { related_to, error }
}

impl Cause {
    fn named(error: &str) -> Option<Self> {
        CAUSES.into_iter().find(|cause| cause.error == error)
    }

    /// The cause of a bounce: Mailjet's own word if the event has one, otherwise what the enhanced status code (RFC
    /// 3463) says.
    pub(super) fn of_bounce(facts: &Facts) -> Option<Self> {
        if facts.event_type == EventType::Deferred {
            return Self::named("greylisted");
        }
        let received = facts.diagnostic.as_deref().and_then(Self::named);
        received.or_else(|| {
            let (_class, subject) = facts.enhanced_code.as_deref()?.split_once('.')?;
            Self::named(match subject {
                "1.1" => "user unknown",
                "1.2" => "invalid domain",
                "2.1" => "mailbox inactive",
                "2.2" => "quota exceeded",
                "4.4" => "no mail host",
                "4.1" | "4.2" => "connection issue",
                "6.0" | "7.1" => "policy issue",
                _ => return None,
            })
        })
    }

    /// The cause of a rejection.
    pub(super) fn of_rejection(facts: &Facts) -> Option<Self> {
        let received = facts.diagnostic.as_deref().and_then(Self::named);
        received.or_else(|| {
            Self::named(match facts.reject_reason? {
                RejectReason::Bounced | RejectReason::Unsubscribed | RejectReason::Suppressed => "preblocked",
                RejectReason::Complained => "spam reporter",
                RejectReason::Invalid => "user unknown",
                RejectReason::Blocked => "sender blocked",
                RejectReason::Content => "content blocked",
                RejectReason::Policy => "policy issue",
                RejectReason::TimedOut => "connection issue",
                RejectReason::Quota => "system issue",
                RejectReason::Rendering => "error in template language",
                RejectReason::Other => return None,
            })
        })
    }
}
