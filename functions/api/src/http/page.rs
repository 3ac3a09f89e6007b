//! Cursor pages: `limit` and `cursor` in, `{data, next_cursor}` out.

use std::str::FromStr;

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::Serialize;

use crate::http::query::Query;

/// Entries of a page when the request does not say.
const DEFAULT_LIMIT: u8 = 50;
/// Most entries of a page: an answer stays far below Lambda's 6 MB even with whole events in it.
const MAX_LIMIT: u8 = 100;
/// Longest cursor that is looked at; ours have fewer than 120 characters.
const MAX_CURSOR: usize = 256;
/// The version of cursors that this code writes. A client keeps cursors for minutes, so older ones are refused.
const VERSION: &str = "1:";

/// One page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct Listed<T> {
    data: Vec<T>,
    /// `null` at the end of the list.
    next_cursor: Option<String>,
}

impl<T> Listed<T> {
    /// `data`, and where to go on.
    pub(crate) fn new(data: Vec<T>, next: Option<String>) -> Self {
        Self { data, next_cursor: next.map(|position| encode(&position)) }
    }
}

/// How many entries a page shall have at most.
pub(crate) fn limit(query: &mut Query) -> u8 {
    let limit = query.optional("limit", |text| {
        let limit = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        limit.ok_or_else(|| format!("expected a whole number from 1 to {MAX_LIMIT}"))
    });
    limit.unwrap_or(DEFAULT_LIMIT)
}

/// Where to go on; `T` is what the list gave as position.
pub(crate) fn cursor<T: FromStr>(query: &mut Query) -> Option<T> {
    query.optional("cursor", |text| {
        let position = decode(text).and_then(|position| position.parse().ok());
        position.ok_or_else(|| {
            "not a cursor of this list; pass `next_cursor` of the page before, or leave it out to begin anew".to_owned()
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
