//! How much of each mapped field is kept, so that every event fits into a row of the events table.
//!
//! An event may be as large as a post, and so may each of its members. An event of any size is mapped. A text that
//! people read is cut. A value that has a meaning only as a whole (an address, an id, a link, a tag, a metadata value)
//! is left out when it is too long. An id for deduplication is replaced by its hash. Providers' real values are far
//! below all limits. Limits are bytes of JSON, as in a row: a control character takes six bytes.

use std::io;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::event::{Client, Facts, Geo, MAX_ROW_BYTES, RAW_LIMIT, Recipient};

/// Maximum size of an address, an id or a domain (1 KiB). An address has at most 320 characters (RFC 5321), a message
/// id 998 (RFC 5322).
const MAX_ID_BYTES: usize = 1024;
/// Maximum size of the name of an event, a client or a place (256 B). Longer names are cut.
const MAX_WORD_BYTES: usize = 256;
/// Maximum size of subject, sender and user agent (4 KiB): a few lines of at most 998 characters (RFC 5322). Longer
/// texts are cut.
const MAX_LINE_BYTES: usize = 4 * 1024;
/// Maximum size of a diagnostic text (16 KiB): an SMTP reply of 30 lines of at most 512 characters (RFC 5321). Longer
/// texts are cut.
const MAX_DIAGNOSTIC_BYTES: usize = 16 * 1024;
/// Maximum size of a link (16 KiB). Web servers refuse most links that are longer than 8 KiB.
const MAX_URL_BYTES: usize = 16 * 1024;
/// Maximum size of all tags (16 KiB). Providers allow about ten tags of 128 characters.
const MAX_TAGS_BYTES: usize = 16 * 1024;
/// Maximum size of metadata (128 KiB): what a sender attached to an email. Providers limit this to a few KiB.
const MAX_METADATA_BYTES: usize = 128 * 1024;
/// Maximum number of tags, and of members of metadata (1,000). Reason: in memory they take many times the bytes of
/// their text.
const MAX_ITEMS: usize = 1_000;

/// Bytes of the rest of a row: the names of its fields, our own ids and times, and short words and numbers.
const OTHER_BYTES: usize = 4 * 1024;

// In this order: recipient, message id, domain, campaign, subscriber, list and event id; the event's name, and the
// client's address, name, system, device and place of three parts; subject, sender and user agent. The kept object is
// JSON or a form, so no byte of it takes more than two bytes when it is written as JSON again. A quarter of the item
// stays free.
const _: () = assert!(
    7 * MAX_ID_BYTES
        + 8 * MAX_WORD_BYTES
        + 3 * MAX_LINE_BYTES
        + MAX_DIAGNOSTIC_BYTES
        + MAX_URL_BYTES
        + MAX_TAGS_BYTES
        + MAX_METADATA_BYTES
        + 2 * RAW_LIMIT
        + OTHER_BYTES
        <= MAX_ROW_BYTES / 4 * 3,
    "an event might not fit into a row"
);

/// Cuts or removes values that exceed their limit.
pub(super) fn bound(facts: &mut Facts) {
    let Facts {
        provider_event,
        provider_event_id,
        recipient,
        email_message_id,
        sending_domain,
        from,
        subject,
        campaign_id,
        subscriber_id,
        tags,
        metadata,
        diagnostic,
        list_id,
        url,
        client: Client { ip, user_agent, name, os, device, geo: Geo { country, region, city }, machine: _ },
        // Words of closed sets, numbers, and codes that were checked. The received object has a rule of its own.
        event_type: _,
        provider: _,
        occurred_at: _,
        bounce_type: _,
        reject_reason: _,
        smtp_code: _,
        enhanced_code: _,
        attempt: _,
        about: _,
        raw: _,
    } = facts;
    bound_id(provider_event_id);
    if recipient.as_ref().map(Recipient::expose).is_some_and(|address| is_over(address, MAX_ID_BYTES)) {
        *recipient = None;
    }
    for whole in [email_message_id, sending_domain, campaign_id, subscriber_id, list_id] {
        leave_out(whole, MAX_ID_BYTES);
    }
    leave_out(url, MAX_URL_BYTES);
    cut(provider_event, MAX_WORD_BYTES);
    for (text, limit) in [
        (from, MAX_LINE_BYTES),
        (subject, MAX_LINE_BYTES),
        (user_agent, MAX_LINE_BYTES),
        (diagnostic, MAX_DIAGNOSTIC_BYTES),
    ]
    .into_iter()
    .chain([ip, name, os, device, country, region, city].map(|word| (word, MAX_WORD_BYTES)))
    {
        if let Some(text) = text {
            cut(text, limit);
        }
    }
    let mut room = Room { bytes: MAX_TAGS_BYTES, items: MAX_ITEMS };
    tags.retain(|tag| room.take(written(tag) + 3));
    tags.shrink_to_fit();
    let mut room = Room::for_metadata();
    metadata.retain(|name, value| room.take_member(name, value));
}

/// Replaces an id over the limit by its hash, which distinguishes the event equally well.
fn bound_id(id: &mut String) {
    if is_over(id, MAX_ID_BYTES) {
        *id = format!("sha256-{}", hex::encode(Sha256::digest(id.as_bytes())));
    }
}

fn leave_out(text: &mut Option<String>, limit: usize) {
    if text.as_ref().is_some_and(|text| is_over(text, limit)) {
        *text = None;
    }
}

/// Cuts a text before the character that would exceed `limit`.
pub(super) fn cut(text: &mut String, limit: usize) {
    if let Some(end) = end_within(text, limit) {
        text.truncate(end);
        text.shrink_to_fit();
    }
}

fn is_over(text: &str, limit: usize) -> bool {
    end_within(text, limit).is_some()
}

/// Where a text must end; `None` when it is within the limit.
fn end_within(text: &str, limit: usize) -> Option<usize> {
    let mut bytes = 0;
    text.char_indices().find_map(|(at, letter)| {
        bytes += written_letter(letter);
        (bytes > limit).then_some(at)
    })
}

/// The size of a text in JSON, without its quotes.
fn written(text: &str) -> usize {
    text.chars().map(written_letter).sum()
}

fn written_letter(letter: char) -> usize {
    match letter {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..='\u{1f}' => 6,
        _ => letter.len_utf8(),
    }
}

/// The size of metadata in JSON.
pub(super) fn written_metadata(metadata: &Map<String, Value>) -> usize {
    metadata.iter().map(|(name, value)| written_member(name, value)).sum()
}

/// The size of a member in JSON, with quotes, colon and comma.
fn written_member(name: &str, value: &Value) -> usize {
    let mut length = Length(0);
    // Neither writing a value nor counting its bytes can fail.
    match serde_json::to_writer(&mut length, value) {
        Ok(()) => written(name) + length.0 + 4,
        Err(_) => usize::MAX,
    }
}

struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The space that is left of a limit. A member that does not fit is skipped, and a later one may still fit.
pub(super) struct Room {
    bytes: usize,
    items: usize,
}

impl Room {
    pub(super) fn for_metadata() -> Self {
        Self { bytes: MAX_METADATA_BYTES, items: MAX_ITEMS }
    }

    /// Whether a value may fit that has this many bytes of JSON as received. Each of its characters may be an escape of
    /// six bytes.
    pub(super) fn may_take(&self, received: usize) -> bool {
        self.items > 0 && received / 6 <= self.bytes
    }

    /// Takes a member if it fits.
    pub(super) fn take_member(&mut self, name: &str, value: &Value) -> bool {
        self.take(written_member(name, value))
    }

    fn take(&mut self, bytes: usize) -> bool {
        let fits = self.items > 0 && bytes <= self.bytes;
        if fits {
            self.bytes -= bytes;
            self.items -= 1;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::event::EventType;
    use crate::provider::Provider;

    fn bounded(fill: impl FnOnce(&mut Facts)) -> Facts {
        let mut facts = Facts::new(EventType::Clicked, Provider::Brevo, "click", "1", Timestamp::UNIX_EPOCH);
        fill(&mut facts);
        bound(&mut facts);
        facts
    }

    #[test]
    fn texts_are_cut_at_a_character() {
        let subject = |text: String| bounded(|facts| facts.subject = Some(text)).subject.unwrap();
        assert_eq!(subject("x".repeat(MAX_LINE_BYTES)), "x".repeat(MAX_LINE_BYTES));
        assert_eq!(subject("x".repeat(MAX_LINE_BYTES + 1)), "x".repeat(MAX_LINE_BYTES));
        assert_eq!(
            subject(format!("x{}", "\u{20ac}".repeat(MAX_LINE_BYTES))),
            format!("x{}", "\u{20ac}".repeat((MAX_LINE_BYTES - 1) / 3))
        );
        assert_eq!(subject("\"".repeat(MAX_LINE_BYTES)).len(), MAX_LINE_BYTES / 2);
        assert_eq!(subject("\u{1}".repeat(MAX_LINE_BYTES)).len(), MAX_LINE_BYTES / 6);
        let facts = bounded(|facts| {
            facts.diagnostic = Some("d".repeat(MAX_DIAGNOSTIC_BYTES + 1));
            facts.provider_event = "e".repeat(MAX_WORD_BYTES + 1);
            facts.client.geo.city = Some("c".repeat(MAX_WORD_BYTES + 1));
        });
        assert_eq!(facts.diagnostic.unwrap().len(), MAX_DIAGNOSTIC_BYTES);
        assert_eq!(
            (facts.provider_event.len(), facts.client.geo.city.unwrap().len()),
            (MAX_WORD_BYTES, MAX_WORD_BYTES)
        );
    }

    #[test]
    fn what_means_something_as_a_whole_is_left_out() {
        let of = |id: usize, url: usize| {
            bounded(|facts| {
                facts.recipient = Recipient::new(&"r".repeat(id));
                facts.email_message_id = Some("m".repeat(id));
                facts.campaign_id = Some("c".repeat(id));
                facts.url = Some("u".repeat(url));
            })
        };
        let facts = of(MAX_ID_BYTES, MAX_URL_BYTES);
        assert!(facts.recipient.is_some() && facts.email_message_id.is_some() && facts.campaign_id.is_some());
        assert_eq!(facts.url.map(|url| url.len()), Some(MAX_URL_BYTES));
        let facts = of(MAX_ID_BYTES + 1, MAX_URL_BYTES + 1);
        assert_eq!((facts.recipient, facts.email_message_id, facts.campaign_id, facts.url), (None, None, None, None));
    }

    #[test]
    fn ids_stay_apart() {
        let of = |id: String| bounded(|facts| facts.provider_event_id = id).provider_event_id;
        assert_eq!(of("i".repeat(MAX_ID_BYTES)), "i".repeat(MAX_ID_BYTES));
        let (one, other) = (of("i".repeat(MAX_ID_BYTES + 1)), of("i".repeat(MAX_ID_BYTES + 2)));
        assert!(one.starts_with("sha256-") && one.len() == 71 && one != other, "{one}");
    }

    #[test]
    fn what_does_not_fit_costs_nothing_else() {
        let facts = bounded(|facts| {
            facts.tags = vec!["a".into(), "t".repeat(MAX_TAGS_BYTES), "b".into()];
            facts.metadata = Map::from_iter([
                ("a".into(), json!([1, {"b": "c"}])),
                ("b".into(), json!("m".repeat(MAX_METADATA_BYTES))),
                ("c".into(), json!("m".repeat(MAX_METADATA_BYTES - 100))),
                ("d".into(), json!(1e15)),
            ]);
        });
        assert_eq!(facts.tags, ["a", "b"]);
        assert_eq!(facts.metadata.keys().collect::<Vec<_>>(), ["a", "c", "d"]);
        assert_eq!(written_metadata(&facts.metadata) + 1, Value::from(facts.metadata).to_string().len());
    }

    #[test]
    fn a_thousand_items_are_kept() {
        let of = |count: usize| {
            let facts = bounded(|facts| {
                facts.tags = vec!["t".into(); count];
                facts.metadata = (0..count).map(|number| (format!("m{number}"), json!(1))).collect();
            });
            (facts.tags.len(), facts.metadata.len())
        };
        assert_eq!((of(MAX_ITEMS), of(MAX_ITEMS + 1)), ((MAX_ITEMS, MAX_ITEMS), (MAX_ITEMS, MAX_ITEMS)));
    }

    #[test]
    fn the_last_byte_of_metadata_counts() {
        let of =
            |length: usize| bounded(|facts| facts.metadata = Map::from_iter([("k".into(), json!("m".repeat(length)))]));
        // The name, four quotes, a colon and a comma.
        assert_eq!(of(MAX_METADATA_BYTES - 7).metadata.len(), 1);
        assert_eq!(of(MAX_METADATA_BYTES - 6).metadata.len(), 0);
    }
}
