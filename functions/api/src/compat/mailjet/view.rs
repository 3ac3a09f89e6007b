//! Entries as they are shown.

use serde::Serialize;
use shared::problem::Problem;
use shared::webhook::Webhook;

use super::entry::{Entry, Key, Place};
use super::words::{ALIVE, DEAD};
use crate::http::error::not_found;
use crate::http::path::Named as _;

/// What Mailjet answers: objects in a list, however many there are.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Answer {
    /// How many this answer has.
    count: usize,
    data: Vec<Shown>,
    /// How many there are.
    total: usize,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    event_type: &'static str,
    #[serde(rename = "ID")]
    id: u64,
    is_backup: bool,
    status: &'static str,
    /// A password in it is masked.
    url: String,
    version: u8,
}

impl Answer {
    /// One page of `total`.
    pub(super) fn page(entries: &[Entry<'_>], total: usize) -> Self {
        Self { count: entries.len(), data: entries.iter().map(Shown::from).collect(), total }
    }

    /// How many there are, and none of them.
    pub(super) fn count(total: usize) -> Self {
        Self { count: total, data: Vec::new(), total }
    }

    /// What a webhook has at a place.
    pub(super) fn one(webhook: &Webhook, place: Place) -> Result<Self, Problem> {
        let entry = Entry::at(webhook, place).ok_or_else(|| not_found(Key::NOUN))?;
        Ok(Self::page(&[entry], 1))
    }
}

impl From<&Entry<'_>> for Shown {
    fn from(entry: &Entry<'_>) -> Self {
        Self {
            event_type: entry.id.place.event.as_str(),
            id: entry.id.as_number(),
            is_backup: entry.id.place.slot.is_backup(),
            status: if entry.is_alive() { ALIVE } else { DEAD },
            url: entry.url.masked(),
            version: entry.version().as_number(),
        }
    }
}
