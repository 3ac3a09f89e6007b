//! Mailjet's words for event types. A client can register a URL for each of them.

use shared::dialect::Dialect;
use shared::event::EventType;
use shared::webhook::Webhook;

/// One of Mailjet's event types. Their order is part of the ids that clients hold, so it must not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum EventWord {
    Sent,
    Open,
    Click,
    Bounce,
    Blocked,
    Spam,
    Unsub,
}

impl EventWord {
    pub(super) const ALL: [Self; 7] =
        [Self::Sent, Self::Open, Self::Click, Self::Bounce, Self::Blocked, Self::Spam, Self::Unsub];

    /// The word on the wire.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Open => "open",
            Self::Click => "click",
            Self::Bounce => "bounce",
            Self::Blocked => "blocked",
            Self::Spam => "spam",
            Self::Unsub => "unsub",
        }
    }

    /// Mailjet's number for the event type. Clients may filter by it.
    fn code(self) -> &'static str {
        match self {
            Self::Click => "1",
            Self::Bounce => "2",
            Self::Spam => "3",
            Self::Blocked => "4",
            Self::Unsub => "5",
            Self::Open => "6",
            Self::Sent => "7",
        }
    }

    /// The event type that a word names.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.as_str() == word)
    }

    /// The event type that a word or one of Mailjet's numbers names.
    pub(super) fn of_word_or_code(text: &str) -> Option<Self> {
        Self::of_word(text).or_else(|| Self::ALL.into_iter().find(|event| event.code() == text))
    }

    /// Our types that the word stands for.
    pub(super) fn types(self) -> Vec<EventType> {
        Dialect::Mailjet.types_named(self.as_str())
    }

    /// Whether the webhook wants any type that the word stands for.
    pub(super) fn is_wanted_by(self, webhook: &Webhook) -> bool {
        let types = &webhook.subscription.types;
        self.types().into_iter().any(|event_type| types.include(event_type, webhook.dialect))
    }

    /// All words, for the text of an error.
    pub(super) fn known() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_types_and_every_type_of_the_dialect_its_word() {
        let types: Vec<_> = EventWord::ALL.into_iter().flat_map(EventWord::types).collect();
        assert!(EventWord::ALL.into_iter().all(|event| !event.types().is_empty()));
        for event_type in EventType::deliverable() {
            let named = types.iter().filter(|other| **other == event_type).count();
            assert_eq!(named, usize::from(Dialect::Mailjet.name(event_type).is_some()), "{}", event_type.as_str());
        }
    }

    #[test]
    fn words_and_numbers_name_one_each() {
        for (index, event) in EventWord::ALL.into_iter().enumerate() {
            assert_eq!(EventWord::of_word(event.as_str()), Some(event));
            assert_eq!(EventWord::of_word_or_code(event.code()), Some(event));
            assert_eq!(event as usize, index);
        }
        for other in ["", "Open", "email.opened", "typofix", "0", "8"] {
            assert_eq!(EventWord::of_word_or_code(other), None, "{other}");
        }
        assert_eq!(EventWord::of_word("6"), None);
    }
}
