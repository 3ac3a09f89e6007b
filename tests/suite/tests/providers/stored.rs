//! What holds for every event on its way from `ingest` to `deliver`: it fits into a row, and each room can read it.

use conformance::invariants;
use jiff::Timestamp;
use shared::event::{Event, Facts, Raw};
use shared::id::WebhookId;
use shared::provider::{InboundPostError, Provider, Received};
use shared::queue::job::Job;
use shared::store::events::{event_in_row, event_row};
use shared::stored_event::StoredEvent;

/// Maximum bytes of a stored event as JSON (300 KiB). Reason: this is three quarters of what DynamoDB stores in an
/// item. A body that could not be read is compressed; if it is not text, it is stored as base64.
const MAX_STORED: usize = 300 * 1024;

/// Checks the result of reading a post of `provider` with a body of `length` bytes, and every row and job made from it.
pub(crate) fn check(provider: Provider, length: usize, received: Result<Received, InboundPostError>) {
    for event in invariants::check(provider, length, received) {
        check_readable(&event);
        check_size(&event);
    }
}

/// Checks that `dispatch` can read the row of an event that `ingest` accepted, and that `deliver` can read its job.
///
/// # Panics
///
/// If one of them cannot read the event, or reads something else.
pub(crate) fn check_readable(event: &Event) {
    let row = event_row(event, 0).and_then(|row| event_in_row(&row));
    assert_eq!(row.unwrap_or_else(|error| panic!("a row that dispatch cannot read: {error:?}")), *event);
    let job = Job::first(WebhookId::mint(Timestamp::UNIX_EPOCH, [2; 10]), event);
    let read =
        Job::from_json(&job.to_json()).unwrap_or_else(|error| panic!("a job that deliver cannot read: {error:?}"));
    let Job::Deliver(read) = read else { panic!("another kind of job") };
    let carried = Event { facts: Facts { raw: None, ..event.facts.clone() }, ..event.clone() };
    assert!(read.inline.is_none_or(|inline| *inline == carried), "a job with another event in it");
}

/// Checks that the event fits into a row.
fn check_size(event: &Event) {
    let stored = StoredEvent::from(event);
    let stored = if matches!(event.facts.raw, Some(Raw::Body { .. })) { stored.without_raw() } else { stored };
    let bytes = serde_json::to_vec(&stored).unwrap_or_default().len();
    assert!(bytes <= MAX_STORED, "{bytes} bytes to store");
}
