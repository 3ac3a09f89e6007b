//! Entries as answers show them.

use serde::Serialize;
use shared::webhook::Webhook;

use super::entry::{Entry, Place};
use super::words::{ALIVE, DEAD};
use crate::manage::error::ManageError;
use crate::noun::Noun;

/// What Mailjet answers: a list of objects, even for one object.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct EntryList {
    /// How many entries this answer has.
    count: usize,
    data: Vec<EntryView>,
    /// How many entries there are.
    total: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct EntryView {
    event_type: &'static str,
    #[serde(rename = "ID")]
    id: u64,
    is_backup: bool,
    status: &'static str,
    /// A password in it is masked.
    url: String,
    version: u8,
}

impl EntryList {
    /// One page of `total`.
    pub(super) fn page(entries: &[Entry<'_>], total: usize) -> Self {
        Self { count: entries.len(), data: entries.iter().map(EntryView::from).collect(), total }
    }

    /// The number of entries alone.
    pub(super) fn count(total: usize) -> Self {
        Self { count: total, data: Vec::new(), total }
    }

    /// The entry of a webhook at a place.
    pub(super) fn one(webhook: &Webhook, place: Place) -> Result<Self, ManageError> {
        let entry = Entry::at(webhook, place).ok_or(ManageError::NotFound(Noun::EventCallbackUrl))?;
        Ok(Self::page(&[entry], 1))
    }
}

impl From<&Entry<'_>> for EntryView {
    fn from(entry: &Entry<'_>) -> Self {
        Self {
            event_type: entry.id.place.event.as_str(),
            id: entry.id.as_number(),
            is_backup: entry.id.place.role.is_backup(),
            status: if entry.is_alive() { ALIVE } else { DEAD },
            url: entry.url.masked(),
            version: entry.version().as_number(),
        }
    }
}
