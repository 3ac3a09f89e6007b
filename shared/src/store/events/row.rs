//! An event's row. The event is JSON in one attribute. It is compressed if that saves a write unit, because DynamoDB
//! bills writes per started KiB.

use std::collections::HashMap;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::{AttributeValue, Blob, Event, StoreError, keys};
use crate::store::attribute::{number, text};
use domain::event::{EventType, Facts, Raw, UNPARSED_LIMIT};
use domain::id::{EventId, TenantId};
use domain::provider::Provider;
use domain::stored_event::{StoredEvent, UnreadableEventError};
use domain::unknown_fields::UnknownFields;

/// The mark of rows that the stream mapping passes on to `dispatch`.
const KIND: &str = "event";
/// The mark of rows with an unreadable body. The stream mapping does not pass them on.
const KIND_UNPARSED: &str = "unparsed";
/// Approximate size of the row without the event's JSON: names and values of the other attributes.
const OVERHEAD: usize = 160;
/// DynamoDB's write unit.
const WRITE_UNIT: usize = 1024;
/// Maximum size of a decompressed event: DynamoDB's limit for an item, times a generous ratio (8 MiB).
const MAX_DECOMPRESSED: u64 = 8 * 1024 * 1024;

/// An item of the table.
pub(super) type Row = HashMap<String, AttributeValue>;

/// The row of an event that expires at `ttl` (Unix seconds).
pub fn row(event: &Event, ttl: i64) -> Result<Row, StoreError> {
    let json = serde_json::to_vec(&StoredEvent::from(event)).map_err(StoreError::unreadable)?;
    let (name, body) = smaller(json)?;
    let kind = if event.facts.event_type == EventType::Unparsed { KIND_UNPARSED } else { KIND };
    let mut row = keys::event(event.tenant, event.id).attributes();
    row.extend([("kind".to_owned(), text(kind)), ("ttl".to_owned(), number(ttl)), (name.to_owned(), body)]);
    Ok(row)
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
    let json = String::from_utf8(json).map_err(StoreError::unreadable)?;
    Ok(("json", text(json)))
}

/// The event in a row, which comes from the table or from its stream.
#[expect(clippy::implicit_hasher, reason = "rows come from the SDK, which has this hasher")]
pub fn event_in_row(row: &HashMap<String, AttributeValue>) -> Result<Event, StoreError> {
    Event::from_stored(&json_in_row(row)?).map_err(StoreError::unreadable)
}

/// Whether an event's row cannot be read because a newer release wrote it.
pub fn is_of_newer_release(error: &StoreError) -> bool {
    let StoreError::Unreadable(cause) = error else { return false };
    matches!(cause.downcast_ref(), Some(UnreadableEventError::Newer))
}

/// The tenant and the event that the keys of a row name. `None` if this release does not know such keys.
pub fn event_named_by(pk: &str, sk: &str) -> Option<(TenantId, EventId)> {
    let (tenant, _) = pk.split_once('#')?;
    Some((tenant.parse().ok()?, sk.parse().ok()?))
}

fn json_in_row(row: &HashMap<String, AttributeValue>) -> Result<Vec<u8>, StoreError> {
    match (row.get("json"), row.get("packed")) {
        (Some(AttributeValue::S(json)), _) => Ok(json.clone().into_bytes()),
        (_, Some(AttributeValue::B(packed))) => {
            let mut json = Vec::new();
            DeflateDecoder::new(packed.as_ref())
                .take(MAX_DECOMPRESSED)
                .read_to_end(&mut json)
                .map_err(StoreError::unreadable)?;
            Ok(json)
        }
        _ => Err(StoreError::unreadable("an event row without an event")),
    }
}

/// The event in a row of the table. If this version cannot read the row, an `unparsed` event with the stored bytes. So
/// an unreadable row hides neither itself nor the other rows of its list.
pub(super) fn event_or_kept(row: &HashMap<String, AttributeValue>) -> Result<Event, StoreError> {
    event_in_row(row).or_else(|error| {
        let kept = kept(row)?;
        let error: &dyn std::error::Error = &error;
        tracing::error!(tenant.id = %kept.tenant, event.id = %kept.id, error, "the row of {} cannot be read", kept.id);
        Ok(kept)
    })
}

/// The content of an unreadable row: its keys, and the bytes of the event.
fn kept(row: &HashMap<String, AttributeValue>) -> Result<Event, StoreError> {
    let text = |name: &str| row.get(name).and_then(|value| value.as_s().ok()).map(String::as_str).unwrap_or_default();
    let named = event_named_by(text("pk"), text("sk"));
    let (tenant, id) = named.ok_or_else(|| StoreError::unreadable("the keys of the row name no event"))?;
    let body = json_in_row(row).unwrap_or_default();
    let bytes = body.len();
    let mut facts = Facts::new(EventType::Unparsed, Provider::Mailhooks, "unreadable", id.to_string(), id.time());
    facts.diagnostic = Some("stored in a form that this version cannot read; shown as stored".to_owned());
    facts.raw = Some(Raw::Body { kept: body.into_iter().take(UNPARSED_LIMIT).collect(), bytes });
    Ok(Event {
        id,
        tenant,
        source: None,
        accepted_at: id.time(),
        test: false,
        facts,
        unknown: UnknownFields::default(),
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

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

    #[test]
    fn an_unreadable_row_shows_what_it_holds() {
        let event = event("short".to_owned());
        let mut row = row(&event, 1).unwrap();
        row.insert("json".to_owned(), AttributeValue::S(r#"{"v":9}"#.to_owned()));
        assert!(event_in_row(&row).is_err());
        let kept = event_or_kept(&row).unwrap();
        assert_eq!((kept.id, kept.tenant, kept.facts.event_type), (event.id, event.tenant, EventType::Unparsed));
        assert_eq!(kept.facts.raw, Some(Raw::Body { kept: br#"{"v":9}"#.to_vec(), bytes: 7 }));
    }
}
