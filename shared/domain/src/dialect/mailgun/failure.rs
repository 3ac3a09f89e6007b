//! Whether and why an email did not arrive, in Mailgun's words.

use super::names::names;
use crate::event::{BounceType, EventType, Facts, Provider, RejectReason};

const FAILED: &str = "failed";
pub(super) const REJECTED: &str = "rejected";

/// What Mailgun says about an event in addition to its facts.
pub(super) struct Failure {
    pub(super) event: &'static str,
    pub(super) log_level: &'static str,
    pub(super) severity: Option<&'static str>,
    pub(super) reason: Option<&'static str>,
}

impl Failure {
    pub(super) fn of(facts: &Facts) -> Self {
        let none = Self {
            // A type without a word keeps its canonical name.
            event: names(facts.event_type).first().copied().unwrap_or(facts.event_type.as_str()),
            log_level: "info",
            severity: None,
            reason: None,
        };
        let permanent =
            |reason| Self { event: FAILED, log_level: "error", severity: Some("permanent"), reason: Some(reason) };
        match facts.event_type {
            EventType::Deferred => {
                Self { log_level: "warn", severity: Some("temporary"), reason: Some("generic"), ..none }
            }
            EventType::Bounced => permanent(bounce_reason(facts)),
            EventType::Failed => permanent(facts.reject_reason.map_or("generic", RejectReason::as_str)),
            EventType::Rejected => match suppression(facts) {
                Some(reason) => permanent(reason),
                None => Self { log_level: "warn", reason: facts.reject_reason.map(RejectReason::as_str), ..none },
            },
            EventType::Complained => Self { log_level: "warn", ..none },
            EventType::Sent
            | EventType::Delivered
            | EventType::Opened
            | EventType::Clicked
            | EventType::Unsubscribed
            | EventType::Subscribed
            | EventType::SubscriberCreated
            | EventType::SubscriberUnsubscribed
            | EventType::Unknown
            | EventType::WebhookOpened
            | EventType::WebhookClosed
            | EventType::WebhookDisabled
            | EventType::WebhookEnabled
            | EventType::WebhookPending
            | EventType::WebhookVerified
            | EventType::DeliveryDead
            | EventType::Unparsed => none,
        }
    }
}

/// Mailgun's reason for giving up. A soft bounce has one of two reasons: the receiving provider refused the email, or
/// the email was tried until its time was up.
fn bounce_reason(facts: &Facts) -> &'static str {
    let refused = facts.smtp_code.is_some_and(|code| (500..600).contains(&code))
        || facts.enhanced_code.as_deref().is_some_and(|code| code.starts_with('5'));
    match facts.bounce_type {
        Some(BounceType::Hard) => "bounce",
        Some(BounceType::Soft) if refused => "espblock",
        Some(BounceType::Soft) => "old",
        Some(BounceType::Undetermined) | None => "generic",
    }
}

/// Mailgun reports a permanent failure when it does not mail an address because of an earlier event of this address.
/// Events from Mailgun keep this; all other rejected emails are `rejected`.
fn suppression(facts: &Facts) -> Option<&'static str> {
    if facts.provider != Provider::Mailgun || facts.provider_event != FAILED {
        return None;
    }
    match facts.reject_reason? {
        RejectReason::Bounced => Some("suppress-bounce"),
        RejectReason::Complained => Some("suppress-complaint"),
        RejectReason::Unsubscribed => Some("suppress-unsubscribe"),
        RejectReason::Suppressed
        | RejectReason::Invalid
        | RejectReason::Blocked
        | RejectReason::Content
        | RejectReason::Policy
        | RejectReason::TimedOut
        | RejectReason::Quota
        | RejectReason::Rendering
        | RejectReason::Other => None,
    }
}
