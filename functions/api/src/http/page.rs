//! Cursor pages: `limit` and `cursor` in, `{data, next_cursor}` out.

use std::str::FromStr;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Serialize, Serializer};
use shared::store::{Page, Readable};

use super::query::Query;

/// Entries of a page when the request names no number.
const DEFAULT_LIMIT: u8 = 50;
/// Maximum entries of a page. Reason: an answer stays far below Lambda's 6 MB even with whole events in it.
const MAX_LIMIT: u8 = 100;
/// Maximum length of a cursor. Reason: ours have fewer than 120 characters.
const MAX_CURSOR: usize = 256;
/// The version of cursors that this code writes. Clients keep a cursor for minutes, so other versions are refused.
const VERSION: &str = "1:";

/// One page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct ListView<T> {
    data: Vec<T>,
    /// `null` at the end of the list.
    next_cursor: Option<String>,
}

impl<T> ListView<T> {
    /// A page with `data`; `next` is the position of the page after it.
    pub(crate) fn new(data: Vec<T>, next: Option<String>) -> Self {
        Self { data, next_cursor: next.map(|position| encode(&position)) }
    }
}

impl<T> ListView<ListEntry<T>> {
    /// A page of stored rows, each of which `view` shows.
    pub(crate) fn of_rows<Row>(page: Page<Readable<Row>>, view: impl Fn(&Row) -> T) -> Self {
        let entry = |row| match row {
            Readable::Read(row) => ListEntry::Readable(view(&row)),
            Readable::Unreadable(id) => ListEntry::Unreadable(UnreadableView { id, unreadable: true }),
        };
        Self::new(page.items.into_iter().map(entry).collect(), page.next)
    }
}

/// One entry of a list.
#[derive(Debug)]
pub(crate) enum ListEntry<T, Unreadable = UnreadableView> {
    /// The object.
    Readable(T),
    /// An object that this release cannot read. The list names it, so that it can be deleted.
    Unreadable(Unreadable),
}

/// An entry is written as the object itself.
impl<T: Serialize, Unreadable: Serialize> Serialize for ListEntry<T, Unreadable> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Readable(object) => object.serialize(serializer),
            Self::Unreadable(object) => object.serialize(serializer),
        }
    }
}

/// What can be said of an object that this release cannot read.
#[derive(Debug, Serialize)]
pub(crate) struct UnreadableView {
    id: String,
    unreadable: bool,
}

/// The parameter `limit`: the maximum number of entries of the page.
pub(crate) fn limit(query: &mut Query) -> u8 {
    let limit = query.optional("limit", |text| {
        let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        limit.ok_or_else(|| format!("expected a whole number from 1 to {MAX_LIMIT}").into())
    });
    limit.unwrap_or(DEFAULT_LIMIT)
}

/// The parameter `cursor`: the position at which the page begins. `T` is the type of the list's positions.
pub(crate) fn cursor<T: FromStr>(query: &mut Query) -> Option<T> {
    query.optional("cursor", |text| {
        let position = decode(text).and_then(|position| position.parse().ok());
        position.ok_or_else(|| {
            "not a cursor of this list; give the `next_cursor` of the page before, or leave `cursor` out to start at \
             the beginning"
                .into()
        })
    })
}

fn encode(position: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{VERSION}{position}"))
}

fn decode(cursor: &str) -> Option<String> {
    if cursor.len() > MAX_CURSOR {
        return None;
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.strip_prefix(VERSION).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_read_back() {
        assert_eq!(decode(&encode("evt_1#2")).as_deref(), Some("evt_1#2"));
    }

    #[test]
    fn refuses_what_is_no_cursor() {
        for text in ["", "evt_1", "%%%", &BASE64_URL_SAFE_NO_PAD.encode("2:evt_1"), &"A".repeat(300)] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
