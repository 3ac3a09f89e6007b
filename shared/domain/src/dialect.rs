//! Dialects: how a delivery looks on the wire. Each dialect is a file of pure functions from events to names, headers
//! and bytes.

use crate::event::EventType;
use crate::retry::RetryPolicy;
use crate::secret::SignatureScheme;
use crate::words::string_enum;

mod json;
mod standard;
mod platform;
mod mailgreet;
mod mailjet;
mod mailgun;
mod mailgun_legacy;
mod mailtura;
mod rendered;
pub mod catalogue;

pub use self::rendered::{Envelope, Rendered};

string_enum!(
    /// The format that a webhook's receiver understands. If a system has two formats, these are two dialects.
    Dialect {
        /// Canonical names, and only the Standard Webhooks signature.
        Standard = "standard",
        /// The platform's own flat bodies, with `X-Webhook-Signature` in addition to the standard signature.
        Platform = "platform",
        /// `MailGreet`'s bodies, with `X-MailGreet-Signature`.
        Mailgreet = "mailgreet",
        /// Mailjet's flat bodies, one event each.
        Mailjet = "mailjet",
        /// Mailjet's version 2: arrays of events.
        MailjetV2 = "mailjet_v2",
        /// Mailgun's JSON, with the signature inside the body.
        Mailgun = "mailgun",
        /// Mailgun's legacy forms.
        MailgunLegacy = "mailgun_legacy",
        /// Mailtura's bodies, with `X-Mailtura-Signature`.
        Mailtura = "mailtura",
    }
);

/// The time limit of dialects that promise no other one, in milliseconds.
pub const DEFAULT_TIMEOUT_MS: u32 = 10_000;
/// The time limit of the dialects whose documentation promises 5 s, in milliseconds.
const SHORT_TIMEOUT_MS: u32 = 5_000;

impl Dialect {
    /// The dialect's first word for a type; `None` when it has none.
    pub fn name(self, event_type: EventType) -> Option<&'static str> {
        match self {
            Self::Standard => Some(event_type.as_str()),
            Self::Platform
            | Self::Mailgreet
            | Self::Mailjet
            | Self::MailjetV2
            | Self::Mailgun
            | Self::MailgunLegacy
            | Self::Mailtura => self.own_names(event_type).first().copied(),
        }
    }

    /// The dialect's own words for a type, in addition to the canonical name.
    fn own_names(self, event_type: EventType) -> &'static [&'static str] {
        match self {
            Self::Standard => &[],
            Self::Platform => platform::names(event_type),
            Self::Mailgreet => mailgreet::names(event_type),
            Self::Mailjet | Self::MailjetV2 => mailjet::names(event_type),
            Self::Mailgun => mailgun::names(event_type),
            Self::MailgunLegacy => mailgun_legacy::names(event_type),
            Self::Mailtura => mailtura::names(event_type),
        }
    }

    /// The types that `name` stands for. `name` is a canonical name or one of the dialect's own words; one word can
    /// stand for several types. Empty when the dialect does not know the name.
    pub fn types_named(self, name: &str) -> Vec<EventType> {
        EventType::deliverable()
            .filter(|event_type| {
                let canonical = name == event_type.as_str() && self.name(*event_type).is_some();
                canonical || self.own_names(*event_type).contains(&name)
            })
            .collect()
    }

    /// All names that a subscription in this dialect may use, for the text of a refusal.
    pub fn known_names(self) -> Vec<&'static str> {
        let mut names = Vec::new();
        for event_type in EventType::deliverable() {
            for name in self.name(event_type).iter().chain(self.own_names(event_type)) {
                if !names.contains(name) {
                    names.push(*name);
                }
            }
        }
        names
    }

    /// Whether one POST may carry several events.
    pub fn takes_arrays(self) -> bool {
        match self {
            Self::MailjetV2 => true,
            Self::Standard
            | Self::Platform
            | Self::Mailgreet
            | Self::Mailjet
            | Self::Mailgun
            | Self::MailgunLegacy
            | Self::Mailtura => false,
        }
    }

    /// Whether the dialect's receivers can verify this scheme. Receivers of a dialect with its own signature know
    /// shared secrets only. Mailjet has no signature, so its receivers verify that of Standard Webhooks, in either
    /// scheme.
    pub fn takes(self, scheme: SignatureScheme) -> bool {
        match (self, scheme) {
            (_, SignatureScheme::V1) | (Self::Standard | Self::Mailjet | Self::MailjetV2, SignatureScheme::V1a) => true,
            (
                Self::Platform | Self::Mailgreet | Self::Mailgun | Self::MailgunLegacy | Self::Mailtura,
                SignatureScheme::V1a,
            ) => false,
        }
    }

    /// The HTTP statuses with which a receiver says that it will never accept this delivery.
    pub fn final_statuses(self) -> &'static [u16] {
        match self {
            Self::Mailgun | Self::MailgunLegacy => &[406],
            Self::Standard | Self::Platform | Self::Mailgreet | Self::Mailjet | Self::MailjetV2 | Self::Mailtura => &[],
        }
    }

    /// Whether an HTTP status means that the receiver accepted the delivery.
    pub fn accepts(self) -> fn(u16) -> bool {
        match self {
            Self::Mailjet | Self::MailjetV2 => |status| status == 200,
            Self::Standard
            | Self::Platform
            | Self::Mailgreet
            | Self::Mailgun
            | Self::MailgunLegacy
            | Self::Mailtura => |status| (200..300).contains(&status),
        }
    }

    /// The retry policy of a new webhook that names none, as the dialect's documentation promises it.
    pub fn default_retry_policy(self) -> RetryPolicy {
        match self {
            Self::Standard | Self::Platform | Self::Mailtura => RetryPolicy::Standard,
            Self::Mailgreet => RetryPolicy::Mailgreet,
            Self::Mailjet | Self::MailjetV2 => RetryPolicy::Mailjet,
            Self::Mailgun | Self::MailgunLegacy => RetryPolicy::Mailgun,
        }
    }

    /// The time limit of a new webhook that names none, in milliseconds.
    pub fn default_timeout_ms(self) -> u32 {
        match self {
            Self::Mailgreet | Self::Mailtura => SHORT_TIMEOUT_MS,
            Self::Standard | Self::Platform | Self::Mailjet | Self::MailjetV2 | Self::Mailgun | Self::MailgunLegacy => {
                DEFAULT_TIMEOUT_MS
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_both_forms_are_understood() {
        assert_eq!(Dialect::Platform.types_named("bounce"), [EventType::Bounced]);
        assert_eq!(Dialect::Platform.types_named("email.bounce"), [EventType::Bounced]);
        assert_eq!(Dialect::Platform.types_named("email.bounced"), [EventType::Bounced]);
        let both = [EventType::Unsubscribed, EventType::SubscriberUnsubscribed];
        assert_eq!(Dialect::Platform.types_named("unsubscribe"), both);
        assert_eq!(Dialect::Standard.types_named("email.bounced"), [EventType::Bounced]);
    }

    #[test]
    fn operational_events_have_canonical_names_only() {
        for event_type in EventType::OPERATIONAL {
            assert_eq!(Dialect::Standard.types_named(event_type.as_str()), [*event_type]);
            assert!(Dialect::Standard.known_names().contains(&event_type.as_str()));
            for other in Dialect::ALL.iter().filter(|dialect| **dialect != Dialect::Standard) {
                assert!(other.types_named(event_type.as_str()).is_empty(), "{}", other.as_str());
            }
        }
    }

    #[test]
    fn a_dialect_without_a_word_has_no_type() {
        assert!(Dialect::Platform.types_named("email.sent").is_empty());
        assert!(Dialect::Standard.types_named("bounce").is_empty());
    }
}
