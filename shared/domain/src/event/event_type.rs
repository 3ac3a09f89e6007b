//! The canonical event types.

use std::str::FromStr;

/// The stored name of bodies that could not be read. Nobody can publish or subscribe to this name.
const UNPARSED: &str = "unparsed";

macro_rules! event_types {
    (
        reported { $($variant:ident = $name:literal: $meaning:literal),+ $(,)? }
        operational { $($operational:ident = $own_name:literal: $own_meaning:literal),+ $(,)? }
    ) => {
        /// What happened, with a canonical dotted name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EventType {
            $(#[doc = $meaning] $variant,)+
            $(#[doc = $own_meaning] $operational,)+
            /// A genuine body that could not be read. It is kept for its owner to look at, and is not delivered.
            Unparsed,
        }

        impl EventType {
            /// Every type that a tenant can publish, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];
            /// The types that mailhooks itself reports about webhooks and deliveries. Nobody else can publish these.
            pub const OPERATIONAL: &'static [Self] = &[$(Self::$operational),+];

            /// The canonical name, as in `email.bounced`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                    $(Self::$operational => $own_name,)+
                    Self::Unparsed => UNPARSED,
                }
            }

            /// One sentence for the catalogue.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$variant => $meaning,)+
                    $(Self::$operational => $own_meaning,)+
                    Self::Unparsed => "A body that could not be read.",
                }
            }

            /// Every type that can be delivered to a webhook, in the order of the documentation.
            pub fn deliverable() -> impl Iterator<Item = Self> {
                Self::ALL.iter().chain(Self::OPERATIONAL).copied()
            }

            /// Whether it is one of [`Self::OPERATIONAL`].
            pub fn is_operational(self) -> bool {
                matches!(self, $(Self::$operational)|+)
            }

            /// The type of a stored name, including the types that nobody can publish.
            pub fn from_stored(name: &str) -> Result<Self, UnknownEventType> {
                match name {
                    UNPARSED => Ok(Self::Unparsed),
                    $($own_name => Ok(Self::$operational),)+
                    _ => name.parse(),
                }
            }
        }

        impl FromStr for EventType {
            type Err = UnknownEventType;

            fn from_str(name: &str) -> Result<Self, UnknownEventType> {
                match name { $($name => Ok(Self::$variant),)+ _ => Err(UnknownEventType) }
            }
        }
    };
}

event_types! {
    reported {
        Sent = "email.sent": "The provider took the email over; no claim about delivery.",
        Delivered = "email.delivered": "The destination mail server accepted the email.",
        Deferred = "email.deferred": "An attempt failed; the provider will try again by itself.",
        Bounced = "email.bounced": "The destination refused the email and the provider gave up.",
        Rejected = "email.rejected": "The provider did not attempt delivery.",
        Failed = "email.failed": "The provider could not produce or send the email, for a reason that is not about the recipient.",
        Opened = "email.opened": "The email was opened.",
        Clicked = "email.clicked": "A link in the email was followed.",
        Complained = "email.complained": "The recipient marked the email as spam.",
        Unsubscribed = "email.unsubscribed": "The recipient unsubscribed through the email.",
        Subscribed = "email.subscribed": "The recipient subscribed, or took an unsubscription back.",
        SubscriberCreated = "subscriber.created": "A subscriber was added to a list.",
        SubscriberUnsubscribed = "subscriber.unsubscribed": "A subscriber left a list.",
        Unknown = "email.unknown": "A provider event without a mapping, kept as received.",
    }
    operational {
        WebhookOpened = "webhook.opened": "A webhook's breaker opened: its deliveries are held until its receiver answers again.",
        WebhookClosed = "webhook.closed": "A webhook's breaker closed: its deliveries are attempted again, the held ones too.",
        WebhookDisabled = "webhook.disabled": "A webhook was disabled: its deliveries are held until it is enabled.",
        WebhookEnabled = "webhook.enabled": "A webhook was enabled: its deliveries are attempted again, the held ones too.",
        WebhookPending = "webhook.pending": "A webhook has a new URL: its deliveries are held until the URL answers a challenge.",
        WebhookVerified = "webhook.verified": "A new URL has answered its challenge: deliveries are attempted, the held ones too.",
        DeliveryDead = "delivery.dead": "A delivery was given up; it is in the dead-letter queue.",
    }
}

/// The name is not one of [`EventType::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unknown event type")]
pub struct UnknownEventType;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for event_type in EventType::ALL {
            assert_eq!(event_type.as_str().parse(), Ok(*event_type));
        }
        assert_eq!("email.bounce".parse::<EventType>(), Err(UnknownEventType));
        assert_eq!("unparsed".parse::<EventType>(), Err(UnknownEventType));
        assert_eq!(EventType::from_stored("unparsed"), Ok(EventType::Unparsed));
        for event_type in EventType::OPERATIONAL {
            assert_eq!(EventType::from_stored(event_type.as_str()), Ok(*event_type));
            assert!(event_type.is_operational() && event_type.as_str().parse::<EventType>().is_err());
        }
    }
}
