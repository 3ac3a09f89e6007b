//! An entry is what Mailjet calls an event callback URL: one URL of a webhook for one event type. Entries have ids.

use std::fmt;
use std::str::FromStr;

use shared::dialect::Dialect;
use shared::webhook::{Destination, Webhook, WebhookStatus};

use super::event_word::EventWord;
use super::urls::{UrlRole, Urls};
use super::words::{Version, flag};
use crate::http::path::Named;
use crate::noun::Noun;

/// How many ids a webhook has: enough for eight event types with two URLs each.
const IDS_OF_A_WEBHOOK: u64 = 16;

/// The id of an entry among all entries of a tenant. It is not stored: it is the webhook's number times 16, plus the
/// position of the event type and the URL. A webhook's number never changes, so the id stays as long as the entry
/// exists. It is below 2^37, which JavaScript's numbers can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EntryId {
    /// The webhook's number.
    pub(super) number: u32,
    pub(super) place: Place,
}

/// Which of its webhook's entries an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) event: EventWord,
    pub(super) role: UrlRole,
}

impl EntryId {
    pub(super) fn as_number(self) -> u64 {
        let event = self.place.event as u64;
        u64::from(self.number) * IDS_OF_A_WEBHOOK + event * 2 + u64::from(self.place.role.is_backup())
    }

    fn of_number(id: u64) -> Option<Self> {
        let number = u32::try_from(id / IDS_OF_A_WEBHOOK).ok().filter(|number| *number > 0)?;
        let within = usize::try_from(id % IDS_OF_A_WEBHOOK).ok()?;
        let event = *EventWord::ALL.get(within / 2)?;
        Some(Self { number, place: Place { event, role: UrlRole::of_flag(within % 2 == 1) } })
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_number().fmt(f)
    }
}

/// The text is not the id of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoEntryId;

impl FromStr for EntryId {
    type Err = NoEntryId;

    fn from_str(text: &str) -> Result<Self, NoEntryId> {
        let id = text.parse().ok().and_then(Self::of_number).ok_or(NoEntryId)?;
        // An id has one spelling only: no sign, no leading zeros.
        if id.to_string() == text { Ok(id) } else { Err(NoEntryId) }
    }
}

/// How a request names an entry: by its id or, as in Mailjet's guides too, by event type and role, as in `open|false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKey {
    Id(EntryId),
    /// The entry of a webhook in one of Mailjet's dialects.
    Place(Place),
}

impl EntryKey {
    pub(super) fn place(self) -> Place {
        match self {
            Self::Id(id) => id.place,
            Self::Place(place) => place,
        }
    }
}

impl FromStr for EntryKey {
    type Err = NoEntryId;

    fn from_str(text: &str) -> Result<Self, NoEntryId> {
        let Some((event, is_backup)) = text.split_once('|') else { return text.parse().map(Self::Id) };
        let event = EventWord::of_word(event).ok_or(NoEntryId)?;
        let role = flag(is_backup).map(UrlRole::of_flag).map_err(|_| NoEntryId)?;
        Ok(Self::Place(Place { event, role }))
    }
}

impl Named for EntryKey {
    const NOUN: Noun = Noun::EventCallbackUrl;
}

/// Whether Mailjet's receivers understand the webhook's deliveries.
pub(super) fn speaks_mailjet(webhook: &Webhook) -> bool {
    matches!(webhook.dialect, Dialect::Mailjet | Dialect::MailjetV2)
}

/// One URL of a webhook for one of the event types that the webhook wants.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry<'a> {
    pub(super) id: EntryId,
    pub(super) url: Destination,
    pub(super) webhook: &'a Webhook,
}

impl<'a> Entry<'a> {
    /// The webhook's entry at a place, if there is one.
    pub(super) fn at(webhook: &'a Webhook, place: Place) -> Option<Self> {
        let number = webhook.number.filter(|_| place.event.is_wanted_by(webhook))?;
        let url = Urls::of(webhook).get(place.role)?;
        Some(Self { id: EntryId { number, place }, url, webhook })
    }

    /// All entries of a webhook, in the order of their ids. A webhook has none if Mailjet has no word for the types
    /// that it wants.
    pub(super) fn all_of(webhook: &'a Webhook) -> Vec<Self> {
        let places = EventWord::ALL.into_iter().flat_map(|event| UrlRole::ALL.map(|role| Place { event, role }));
        places.filter_map(|place| Self::at(webhook, place)).collect()
    }

    /// The entry that `key` names among a tenant's webhooks, if there is one.
    pub(super) fn find(webhooks: &'a [Webhook], key: EntryKey) -> Option<Self> {
        let mut named = webhooks.iter().filter(|webhook| match key {
            EntryKey::Id(id) => webhook.number == Some(id.number),
            EntryKey::Place(_) => speaks_mailjet(webhook),
        });
        named.find_map(|webhook| Self::at(webhook, key.place()))
    }

    /// Whether deliveries go out. Either both URLs of a webhook are alive or none.
    pub(super) fn is_alive(&self) -> bool {
        self.webhook.status == WebhookStatus::Enabled
    }

    pub(super) fn version(&self) -> Version {
        Version::of(self.webhook)
    }
}
