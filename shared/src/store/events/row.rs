//! An event's row. The event itself is JSON in one attribute, compressed when that saves a write unit: DynamoDB bills
//! writes per started KiB.

use std::collections::HashMap;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::stored::StoredEvent;
use super::{AttributeValue, Blob, Event, StoreError, keys};
use crate::event::EventType;

/// Marks rows that the stream mapping lets through to `dispatch`.
const KIND: &str = "event";
/// Marks rows that hold what could not be read: `dispatch` is not woken for them.
const KIND_UNPARSED: &str = "unparsed";
/// What a row weighs beside the event's JSON: names and values of the other attributes, about.
const OVERHEAD: usize = 160;
/// DynamoDB's write unit.
const WRITE_UNIT: usize = 1024;
/// A decompressed event is never larger than DynamoDB's item limit times a generous ratio (8 MiB).
const MAX_DECOMPRESSED: u64 = 8 * 1024 * 1024;

/// An item of the table.
pub(super) type Row = HashMap<String, AttributeValue>;

/// The row of an event that expires at `ttl` (Unix seconds).
pub(super) fn row(event: &Event, ttl: i64) -> Result<Row, StoreError> {
    let (pk, sk) = keys::event(event.tenant, event.id);
    let json = serde_json::to_vec(&StoredEvent::from(event)).map_err(StoreError::unreadable)?;
    let (name, body) = smaller(json)?;
    let kind = if event.facts.event_type == EventType::Unparsed { KIND_UNPARSED } else { KIND };
    Ok(HashMap::from([
        ("pk".to_owned(), AttributeValue::S(pk)),
        ("sk".to_owned(), AttributeValue::S(sk)),
        ("kind".to_owned(), AttributeValue::S(kind.to_owned())),
        ("ttl".to_owned(), AttributeValue::N(ttl.to_string())),
        (name.to_owned(), body),
    ]))
}

fn smaller(json: Vec<u8>) -> Result<(&'static str, AttributeValue), StoreError> {
    let units = |length: usize| (length + OVERHEAD).div_ceil(WRITE_UNIT);
    if units(json.len()) > 1 {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(&json).map_err(StoreError::unreadable)?;
        let packed = encoder.finish().map_err(StoreError::unreadable)?;
        if units(packed.len()) < units(json.len()) {
            return Ok(("packed", AttributeValue::B(Blob::new(packed))));
        }
    }
    let text = String::from_utf8(json).map_err(StoreError::unreadable)?;
    Ok(("json", AttributeValue::S(text)))
}

/// The event in a row, be it from the table or from its stream.
#[expect(clippy::implicit_hasher, reason = "rows come from the SDK, which has this hasher")]
pub fn event_in_row(row: &HashMap<String, AttributeValue>) -> Result<Event, StoreError> {
    let json = match (row.get("json"), row.get("packed")) {
        (Some(AttributeValue::S(json)), _) => json.clone().into_bytes(),
        (_, Some(AttributeValue::B(packed))) => {
            let mut json = Vec::new();
            DeflateDecoder::new(packed.as_ref())
                .take(MAX_DECOMPRESSED)
                .read_to_end(&mut json)
                .map_err(StoreError::unreadable)?;
            json
        }
        _ => return Err(StoreError::unreadable("an event row without an event")),
    };
    let stored: StoredEvent = serde_json::from_slice(&json).map_err(StoreError::unreadable)?;
    Event::try_from(stored)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::event::Facts;
    use crate::id::TenantId;
    use crate::provider::Provider;

    fn event(diagnostic: String) -> Event {
        let at: Timestamp = "2026-01-02T03:04:05.678Z".parse().unwrap();
        let mut facts = Facts::new(EventType::Bounced, Provider::Own, "email.bounced", "k", at);
        facts.diagnostic = Some(diagnostic);
        Event::accept(facts, TenantId::mint(at, [1; 10]), None, at)
    }

    #[test]
    fn rows_read_back_packed_or_not() {
        for (length, attribute) in [(10, "json"), (5000, "packed")] {
            let event = event("x".repeat(length));
            let row = row(&event, 1).unwrap();
            assert!(row.contains_key(attribute), "{length}");
            assert_eq!(event_in_row(&row).unwrap(), event);
        }
    }
}
