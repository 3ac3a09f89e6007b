//! Dialects: how a delivery looks on the wire. One file each; pure functions from an event to names, bytes and headers.

use jiff::Timestamp;

use crate::event::{Event, EventType, closed_words};
use crate::id::EventId;
use crate::secret::{SignatureScheme, SigningSecret};
use crate::signature;

pub mod catalogue;
mod platform;
mod standard;

closed_words!(
    /// The language that a webhook's receiver understands.
    Dialect {
        /// Canonical names, Standard Webhooks signature only.
        Standard = "standard",
        /// The platform's own flat bodies, with `X-Webhook-Signature` beside the standard one.
        Platform = "platform",
    }
);

impl Dialect {
    /// The dialect's word for a type, in its first form; `None` when it has none.
    pub fn name(self, event_type: EventType) -> Option<&'static str> {
        match self {
            Self::Standard => Some(event_type.as_str()),
            Self::Platform => platform::name(event_type),
        }
    }

    /// The types that `name` stands for: a canonical name or one of the dialect's own words. Empty when the dialect has
    /// no word for it.
    pub fn types_named(self, name: &str) -> Vec<EventType> {
        EventType::ALL
            .iter()
            .copied()
            .filter(|event_type| {
                let own = self.name(*event_type);
                own.is_some_and(|own| name == event_type.as_str() || name == own || self.is_short_form(name, own))
            })
            .collect()
    }

    /// Every name that a subscription in this dialect may use, for the text of a refusal.
    pub fn known_names(self) -> Vec<&'static str> {
        let mut names: Vec<_> = EventType::ALL.iter().filter_map(|event_type| self.name(*event_type)).collect();
        names.dedup();
        names
    }

    /// The platform also writes `bounce` for `email.bounce`.
    fn is_short_form(self, name: &str, own: &str) -> bool {
        match self {
            Self::Standard => false,
            Self::Platform => own.strip_prefix("email.") == Some(name),
        }
    }

    /// The exact bytes of a delivery's body.
    pub fn body(self, event: &Event) -> Vec<u8> {
        match self {
            Self::Standard => standard::body(event),
            Self::Platform => platform::body(event),
        }
    }

    /// Whether one POST can hold several events, as an array.
    pub fn takes_arrays(self) -> bool {
        match self {
            Self::Standard | Self::Platform => false,
        }
    }

    /// The content type of [`Dialect::body`].
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Standard | Self::Platform => "application/json",
        }
    }

    /// Whether its receivers can verify this scheme. Those with a signature of their own know a shared secret only.
    pub fn takes(self, scheme: SignatureScheme) -> bool {
        match (self, scheme) {
            (Self::Standard, SignatureScheme::V1 | SignatureScheme::V1a) | (Self::Platform, SignatureScheme::V1) => {
                true
            }
            (Self::Platform, SignatureScheme::V1a) => false,
        }
    }

    /// The signature headers for `body`, sent at `at`. `secrets` is never empty and has the current one first.
    pub fn signature_headers(
        self,
        secrets: &[&SigningSecret],
        id: EventId,
        at: Timestamp,
        body: &[u8],
    ) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("webhook-id", id.to_string()),
            ("webhook-timestamp", at.as_second().to_string()),
            ("webhook-signature", signature::standard(secrets, id, at, body)),
        ];
        match (self, secrets.first()) {
            (Self::Platform, Some(current)) => {
                headers.push(("x-webhook-signature", signature::hex_of_body(current, body)));
            }
            (Self::Standard, _) | (Self::Platform, None) => {}
        }
        headers
    }

    /// The HTTP statuses by which a receiver of this dialect says that it will never take this delivery.
    pub fn final_statuses(self) -> &'static [u16] {
        match self {
            Self::Standard | Self::Platform => &[],
        }
    }

    /// Whether an answer with this HTTP status means that the receiver accepted the delivery.
    pub fn accepts(self, status: u16) -> bool {
        match self {
            Self::Standard | Self::Platform => (200..300).contains(&status),
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
    fn a_dialect_without_a_word_has_no_type() {
        assert!(Dialect::Platform.types_named("email.sent").is_empty());
        assert!(Dialect::Standard.types_named("bounce").is_empty());
    }
}
