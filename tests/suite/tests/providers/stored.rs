//! What holds for every event on its way from `ingest` to `deliver`: it fits into a row, each room can read it, and
//! every dialect and stream has a form of it.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use conformance::invariants;
use jiff::Timestamp;
use shared::event::{Event, Facts, MAX_ROW_BYTES, Raw};
use shared::id::WebhookId;
use shared::provider::{InboundPostError, Provider, Received};
use shared::queue::job::{FirstJobs, Job};
use shared::store::events::{event_in_row, event_row};
use shared::stored_event::StoredEvent;
use support::cost::cost;

use super::sendable;

/// Maximum bytes of a stored event as JSON (300 KiB). Reason: this is three quarters of what DynamoDB stores in an
/// item. A body that could not be read is compressed; if it is not text, it is stored as base64.
const MAX_STORED: usize = 300 * 1024;
/// Maximum bytes of a job: SQS bills each started 64 KiB, and the attributes need a little.
const MAX_JOB: usize = 63 * 1024;
/// How many events of a post go the whole way. Reason: some posts have thousands of events that differ in little.
const MAX_WHOLE_WAYS: usize = 5;

/// Checks the result of reading a post of `provider` with a body of `length` bytes, and every row and job made from it.
pub(crate) fn check(provider: Provider, length: usize, received: Result<Received, InboundPostError>) {
    for (index, event) in invariants::check(provider, length, received).into_iter().enumerate() {
        if index < MAX_WHOLE_WAYS {
            check_readable(&event);
        }
        Job::can_carry(&event).unwrap_or_else(|error| panic!("an event that ingest would not keep: {error:?}"));
        check_size(&event);
    }
}

/// Checks that `dispatch` can read the row of an event that `ingest` accepted, that `deliver` can read its job, and
/// that every dialect and stream has a form of what `deliver` then has.
///
/// # Panics
///
/// If one of them cannot read the event, or reads something else.
pub(crate) fn check_readable(event: &Event) {
    let row = event_row(event, 0).map(through_the_stream).and_then(|row| event_in_row(&row));
    let row = row.unwrap_or_else(|error| panic!("a row that dispatch cannot read: {error:?}"));
    assert_eq!(row, *event);
    let json = FirstJobs::of(&row).to_json(WebhookId::mint(Timestamp::UNIX_EPOCH, [2; 10]));
    assert!(json.len() <= MAX_JOB && !json.contains(['\u{fffe}', '\u{ffff}']), "a job that SQS refuses");
    let read = Job::from_json(&json).unwrap_or_else(|error| panic!("a job that deliver cannot read: {error:?}"));
    let Job::Deliver(read) = read else { panic!("another kind of job") };
    let carried = Event { facts: Facts { raw: None, ..event.facts.clone() }, ..event.clone() };
    assert!(read.inline.is_none_or(|inline| *inline == carried), "a job with another event in it");
    sendable::check(&carried);
}

/// A row as the table's stream hands it over: as JSON.
fn through_the_stream(row: HashMap<String, AttributeValue>) -> HashMap<String, AttributeValue> {
    let bytes: usize = row.iter().map(|(name, value)| name.len() + size(value)).sum();
    assert!(bytes <= MAX_ROW_BYTES, "a row of {bytes} bytes");
    let json = serde_json::to_string(&serde_dynamo::Item::from(row)).unwrap();
    serde_json::from_str::<serde_dynamo::Item>(&json).unwrap().into()
}

/// The size of an attribute's value, as DynamoDB counts it.
fn size(value: &AttributeValue) -> usize {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => text.len(),
        AttributeValue::B(bytes) => bytes.as_ref().len(),
        other => panic!("a row with {other:?}"),
    }
}

/// Checks that the event fits into a row.
fn check_size(event: &Event) {
    let stored = StoredEvent::from(event);
    let stored = if matches!(event.facts.raw, Some(Raw::Body { .. })) { stored.without_raw() } else { stored };
    let bytes = serde_json::to_vec(&stored).unwrap_or_default().len();
    assert!(bytes <= MAX_STORED, "{bytes} bytes to store");
}

/// What the check before the write costs, compared with what `ingest` does for the same event in any case: it reads
/// the post and makes the row. Verifying, and the call of DynamoDB, are not in the comparison. The allocations are
/// compared: their number is the same in every run, and the CPU time, which is printed, depends on the other tests.
#[test]
#[expect(clippy::print_stdout, reason = "what the check costs is worth knowing")]
fn reading_back_costs_less_than_reading_and_making_the_row() {
    for provider in super::providers() {
        let (headers, body) = super::post_of(provider, &super::click(provider).to_string());
        let accept = || {
            let mut reports = super::unsigned(provider, &headers, &body).unwrap().reports;
            let (tenant, source) = conformance::normalised::owner();
            reports.swap_remove(0).accept(tenant, Some(source), super::now())
        };
        let event = accept();
        let _warm = (event_row(&event, 0).unwrap(), Job::can_carry(&event));
        let (_bytes, taken) = cost(|| event_row(&accept(), 0).unwrap().len());
        let (carried, checked) = cost(|| Job::can_carry(&event));
        assert!(carried.is_ok());
        let name = provider.as_str();
        println!("{name}: {checked:?} of {taken:?}");
        assert!(checked.allocations < taken.allocations, "{name}: {checked:?} of {taken:?}");
    }
}
