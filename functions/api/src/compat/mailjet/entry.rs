//! What Mailjet calls an event callback URL: one URL of a webhook for one event type. And its id.

use std::fmt;
use std::str::FromStr;

use shared::dialect::Dialect;
use shared::problem::Problem;
use shared::webhook::{Destination, Webhook, WebhookStatus};

use super::event_word::EventWord;
use super::urls::{Slot, Urls};
use super::words::{Version, flag};
use crate::http::error::not_found;
use crate::http::path::Named;

/// Ids of one webhook: room for eight event types, with two URLs each.
const IDS_OF_A_WEBHOOK: u64 = 16;

/// Names one entry among all of a tenant's. Nothing is stored for it: it is the webhook's number, which stays, times 16, and
/// the place of the event type and the URL. So it is the same for as long as the entry is there, and below 2^37, which
/// JavaScript's numbers hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EntryId {
    /// The webhook's.
    pub(super) number: u32,
    pub(super) place: Place,
}

/// What an entry is of its webhook's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) event: EventWord,
    pub(super) slot: Slot,
}

impl EntryId {
    pub(super) fn as_number(self) -> u64 {
        let event = self.place.event as u64;
        u64::from(self.number) * IDS_OF_A_WEBHOOK + event * 2 + u64::from(self.place.slot.is_backup())
    }

    fn of_number(id: u64) -> Option<Self> {
        let number = u32::try_from(id / IDS_OF_A_WEBHOOK).ok().filter(|number| *number > 0)?;
        let within = usize::try_from(id % IDS_OF_A_WEBHOOK).ok()?;
        let event = *EventWord::ALL.get(within / 2)?;
        Some(Self { number, place: Place { event, slot: Slot::of_flag(within % 2 == 1) } })
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_number().fmt(f)
    }
}

/// The text is no id of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoEntryId;

impl FromStr for EntryId {
    type Err = NoEntryId;

    fn from_str(text: &str) -> Result<Self, NoEntryId> {
        let id = text.parse().ok().and_then(Self::of_number).ok_or(NoEntryId)?;
        // One spelling alone: no sign, no leading zeros.
        if id.to_string() == text { Ok(id) } else { Err(NoEntryId) }
    }
}

/// How a request names an entry: by its id, or as Mailjet's guides have it too, by what only one of its own has, as in
/// `open|false`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Id(EntryId),
    /// That of a webhook in a dialect of Mailjet's.
    Place(Place),
}

impl Key {
    pub(super) fn place(self) -> Place {
        match self {
            Self::Id(id) => id.place,
            Self::Place(place) => place,
        }
    }
}

impl FromStr for Key {
    type Err = NoEntryId;

    fn from_str(text: &str) -> Result<Self, NoEntryId> {
        let Some((event, is_backup)) = text.split_once('|') else { return text.parse().map(Self::Id) };
        let event = EventWord::of_word(event).ok_or(NoEntryId)?;
        let slot = flag(is_backup).map(Slot::of_flag).map_err(|_| NoEntryId)?;
        Ok(Self::Place(Place { event, slot }))
    }
}

impl Named for Key {
    const NOUN: &'static str = "event callback URL";
}

/// Whether Mailjet's receivers understand what it is sent.
pub(super) fn speaks_mailjet(webhook: &Webhook) -> bool {
    matches!(webhook.dialect, Dialect::Mailjet | Dialect::MailjetV2)
}

/// One URL of a webhook for one of the event types that it wants.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry<'a> {
    pub(super) id: EntryId,
    pub(super) url: Destination,
    pub(super) webhook: &'a Webhook,
}

impl<'a> Entry<'a> {
    /// The one at a place of a webhook, if that has it.
    pub(super) fn at(webhook: &'a Webhook, place: Place) -> Option<Self> {
        let number = webhook.number.filter(|_| place.event.is_wanted_by(webhook))?;
        let url = Urls::of(webhook).get(place.slot)?;
        Some(Self { id: EntryId { number, place }, url, webhook })
    }

    /// All of a webhook, in the order of their ids. None for webhooks that want nothing Mailjet has a word for.
    pub(super) fn all_of(webhook: &'a Webhook) -> Vec<Self> {
        let places = EventWord::ALL.into_iter().flat_map(|event| Slot::ALL.map(|slot| Place { event, slot }));
        places.filter_map(|place| Self::at(webhook, place)).collect()
    }

    /// The one with this id or at this place among a tenant's webhooks; 404 when it is not there.
    pub(super) fn find(webhooks: &'a [Webhook], key: Key) -> Result<Self, Problem> {
        let mut asked = webhooks.iter().filter(|webhook| match key {
            Key::Id(id) => webhook.number == Some(id.number),
            Key::Place(_) => speaks_mailjet(webhook),
        });
        asked.find_map(|webhook| Self::at(webhook, key.place())).ok_or_else(|| not_found(Key::NOUN))
    }

    /// Whether deliveries go out. Both URLs of a webhook are alive, or neither.
    pub(super) fn is_alive(&self) -> bool {
        self.webhook.status == WebhookStatus::Enabled
    }

    pub(super) fn version(&self) -> Version {
        Version::of(self.webhook)
    }
}
