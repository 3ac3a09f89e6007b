//! What was accepted but cannot be read: it is kept as an event of type `email.unknown`, so that nothing is lost in
//! silence.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::{Provider, Report};
use crate::event::{EventType, Facts, RAW_LIMIT};

/// Longest entry that is mapped, in bytes (128 KiB). Providers' events have a few KiB. A row holds the mapped fields and
/// up to [`RAW_LIMIT`] of the original; at twice this size, which form encoding can reach, it would near `DynamoDB`'s
/// 400 KB.
const ENTRY_LIMIT: usize = 128 * 1024;

/// Why something could not be read; also the event's `provider_event`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// A whole body that is not in the provider's format.
    Unparsed,
    /// One entry of a body that is not an event.
    Unreadable,
    /// One entry over [`ENTRY_LIMIT`].
    Oversized,
}

impl Unread {
    fn word(self) -> &'static str {
        match self {
            Self::Unparsed => "unparsed",
            Self::Unreadable => "unreadable",
            Self::Oversized => "oversized",
        }
    }
}

/// Keeps `text`, of which at most the first [`RAW_LIMIT`] bytes; the diagnostic says if that is not all. Its hash is its
/// id, so that a retry of the same is the same.
pub(super) fn keep(provider: Provider, why: Unread, text: &str, now: Timestamp) -> Report {
    let id = format!("{}-{}", why.word(), hex::encode(Sha256::digest(text.as_bytes())));
    let mut facts = Facts::new(EventType::Unknown, provider, why.word(), id, now);
    let kept = text.get(..text.floor_char_boundary(RAW_LIMIT)).unwrap_or_default();
    facts.diagnostic = Some(if kept.len() == text.len() {
        format!("{} as an event of {}; kept as received", why.word(), provider.as_str())
    } else {
        let (kept, all) = (kept.len(), text.len());
        format!("{} as an event of {}; kept are its first {kept} of {all} bytes", why.word(), provider.as_str())
    });
    facts.raw = Some(kept.to_owned());
    Report::undated(facts)
}

/// Maps one entry by `map`, or keeps it when it is too large or `map` finds no event in it.
pub(super) fn map_or_keep(
    provider: Provider,
    entry: &str,
    now: Timestamp,
    map: impl FnOnce(&str) -> Option<Report>,
) -> Report {
    if entry.len() > ENTRY_LIMIT {
        return keep(provider, Unread::Oversized, entry, now);
    }
    match map(entry) {
        Some(mut report) => {
            report.facts.raw = (entry.len() <= RAW_LIMIT).then(|| entry.to_owned());
            report
        }
        None => keep(provider, Unread::Unreadable, entry, now),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_when_not_all_of_it_is_kept() {
        let now = Timestamp::UNIX_EPOCH;
        let whole = keep(Provider::Mailgun, Unread::Unparsed, "<html>", now).facts;
        assert_eq!(whole.raw.as_deref(), Some("<html>"));
        assert_eq!(whole.diagnostic.as_deref(), Some("unparsed as an event of mailgun; kept as received"));
        // 3 bytes each: the limit falls within a character.
        let cut = keep(Provider::Mailgun, Unread::Unparsed, &"€".repeat(10_000), now).facts;
        assert_eq!(cut.raw.map(|raw| raw.len()), Some(16_383));
        let said = "unparsed as an event of mailgun; kept are its first 16383 of 30000 bytes";
        assert_eq!(cut.diagnostic.as_deref(), Some(said));
    }
}
