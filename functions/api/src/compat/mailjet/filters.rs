//! The query parameters of the list. Mailjet accepts their names in any case; of several with one name the first
//! counts.

use std::cmp::Ordering;

use shared::problem::Problem;

use super::entry::Entry;
use super::event_word::EventWord;
use super::urls::UrlRole;
use super::view::EntryList;
use super::words::{UNKNOWN_VERSION, Version, flag, status};
use crate::http::field_errors::FieldErrors;
use crate::http::query::Query;

/// Entries of a page when the request names no number, as at Mailjet.
const DEFAULT_LIMIT: usize = 10;
/// Maximum entries of a page, as at Mailjet. With the longest URLs such a page has 2 MB, and Lambda answers up to 6 MB.
const MAX_LIMIT: usize = 1000;

const NAMES: [&str; 9] =
    ["Backup", "CountOnly", "EventType", "IsBackup", "Limit", "Offset", "Sort", "Status", "Version"];

/// Which entries the page has, in which order, and how many.
#[derive(Debug)]
pub(super) struct Filters {
    event: Option<EventWord>,
    role: Option<UrlRole>,
    alive: Option<bool>,
    version: Option<Version>,
    sort: Sort,
    offset: usize,
    limit: usize,
    count_only: bool,
}

/// The property to sort by. Entries with the same value stay in the order of their ids.
#[derive(Debug, Clone, Copy)]
struct Sort {
    property: Property,
    descending: bool,
}

#[derive(Debug, Clone, Copy)]
enum Property {
    Id,
    EventType,
    IsBackup,
    Status,
    Url,
    Version,
}

impl Filters {
    pub(super) fn read(query: Query) -> Result<Self, Problem> {
        let mut query = query.in_any_case(&NAMES);
        let role = query.optional("IsBackup", flag);
        let role = query.optional("Backup", flag).or(role).map(UrlRole::of_flag);
        let filters = Self {
            event: query.optional("EventType", |text| {
                let known = || format!("unknown event type; there are: {}", EventWord::known()).into();
                EventWord::of_word_or_code(text).ok_or_else(known)
            }),
            role,
            alive: query.optional("Status", status),
            version: query.optional("Version", |text| Version::of_text(text).ok_or_else(|| UNKNOWN_VERSION.into())),
            sort: query.optional("Sort", sort).unwrap_or(Sort { property: Property::Id, descending: false }),
            offset: query.optional("Offset", offset).unwrap_or(0),
            limit: query.optional("Limit", limit).unwrap_or(DEFAULT_LIMIT),
            count_only: query.optional("CountOnly", flag).unwrap_or(false),
        };
        query.finish()?;
        Ok(filters)
    }

    /// The requested page of `entries`.
    pub(super) fn answer(&self, mut entries: Vec<Entry<'_>>) -> EntryList {
        entries.retain(|entry| self.fits(entry));
        let total = entries.len();
        if self.count_only {
            return EntryList::count(total);
        }
        entries.sort_by_key(|entry| entry.id);
        entries.sort_by(|one, other| self.sort.compare(one, other));
        let page: Vec<_> = entries.into_iter().skip(self.offset).take(self.limit).collect();
        EntryList::page(&page, total)
    }

    fn fits(&self, entry: &Entry<'_>) -> bool {
        self.event.is_none_or(|event| event == entry.id.place.event)
            && self.role.is_none_or(|role| role == entry.id.place.role)
            && self.alive.is_none_or(|alive| alive == entry.is_alive())
            && self.version.is_none_or(|version| version == entry.version())
    }
}

impl Sort {
    fn compare(self, one: &Entry<'_>, other: &Entry<'_>) -> Ordering {
        let order = match self.property {
            Property::Id => one.id.cmp(&other.id),
            Property::EventType => one.id.place.event.as_str().cmp(other.id.place.event.as_str()),
            Property::IsBackup => one.id.place.role.cmp(&other.id.place.role),
            Property::Status => one.is_alive().cmp(&other.is_alive()).reverse(),
            Property::Url => one.url.masked().cmp(&other.url.masked()),
            Property::Version => one.version().cmp(&other.version()),
        };
        if self.descending { order.reverse() } else { order }
    }
}

/// `Url`, `Url ASC` or `Url DESC`. Some clients write a plus in place of the space, and it arrives as a plus.
fn sort(text: &str) -> Result<Sort, FieldErrors> {
    let known = "expected ID, EventType, IsBackup, Status, Url or Version, with or without ` DESC` after it";
    let (name, direction) = text.split_once([' ', '+']).unwrap_or((text, "ASC"));
    let property = match name.to_ascii_lowercase().as_str() {
        "id" => Property::Id,
        "eventtype" => Property::EventType,
        "isbackup" => Property::IsBackup,
        "status" => Property::Status,
        "url" => Property::Url,
        "version" => Property::Version,
        _ => return Err(known.into()),
    };
    match direction.to_ascii_uppercase().as_str() {
        "ASC" => Ok(Sort { property, descending: false }),
        "DESC" => Ok(Sort { property, descending: true }),
        _ => Err(known.into()),
    }
}

fn offset(text: &str) -> Result<usize, FieldErrors> {
    text.parse().map_err(|_| "expected a whole number, 0 or more".into())
}

/// 0 stands for the maximum.
fn limit(text: &str) -> Result<usize, FieldErrors> {
    match text.parse() {
        Ok(0) => Ok(MAX_LIMIT),
        Ok(limit @ 1..=MAX_LIMIT) => Ok(limit),
        Ok(_) | Err(_) => {
            Err(format!("expected a whole number from 0 to {MAX_LIMIT}; 0 stands for the maximum").into())
        }
    }
}
