//! Records of the stream: the new images of the events table's rows. `dispatch` reads them, and so do `api` and
//! `deliver`, from the table.

use std::collections::HashMap;

use aws_lambda_events::event::dynamodb::EventRecord;
use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::Value;
use shared::event::{Event, EventType, Facts};
use shared::queue::job::Job;
use shared::store::events::{event_in_row, event_row};

use crate::{TYPES, assert_frozen, event, frozen, webhook};

/// When the row expires, in Unix seconds.
const EXPIRES: i64 = 4_000_000_000;

type Row = HashMap<String, AttributeValue>;

/// The record of an insert as the stream hands it over.
fn record(event: &Event) -> Value {
    let mut record = EventRecord::default();
    "INSERT".clone_into(&mut record.event_name);
    record.change.new_image = event_row(event, EXPIRES).unwrap().into();
    serde_json::to_value(record).unwrap()
}

fn row_in(record: &Value) -> Row {
    let record: EventRecord = serde_json::from_value(record.clone()).unwrap();
    record.change.new_image.into()
}

/// An event whose row is compressed.
fn large() -> Event {
    let event = event(EventType::Bounced);
    Event { facts: Facts { diagnostic: Some("550 5.1.1 no such user ".repeat(200)), ..event.facts.clone() }, ..event }
}

#[test]
fn the_writers_make_the_records_that_are_frozen() {
    for event_type in TYPES {
        assert_frozen("records", event_type.as_str(), &record(&event(event_type)));
    }
}

/// What a compressor makes may change with its version, so this file is not compared with what is written now.
#[test]
fn a_compressed_record_is_read_too() {
    let written = record(&large());
    assert!(row_in(&written).contains_key("packed"));
    if std::env::var_os("UPDATE_FROZEN").is_some() {
        assert_frozen("records", "packed", &written);
    }
    let all = frozen("records");
    let (_, packed) = all.iter().find(|(path, _)| path.ends_with("0.1/records/packed.json")).unwrap();
    assert_eq!(event_in_row(&row_in(packed)).unwrap(), large());
}

#[test]
fn the_records_of_every_release_are_read_and_written_back_equal() {
    let frozen = frozen("records");
    assert!(frozen.len() > TYPES.len());
    for (path, record) in frozen {
        let row = row_in(&record);
        let event = event_in_row(&row).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let written = event_row(&event, EXPIRES).unwrap();
        let without_content = |row: &Row| {
            let mut row = row.clone();
            let content = row.remove("json").or_else(|| row.remove("packed"));
            assert!(content.is_some(), "{}", path.display());
            row
        };
        assert_eq!(without_content(&written), without_content(&row), "{}", path.display());
        assert_eq!(event_in_row(&written).unwrap(), event, "{}", path.display());
        if let (Some(written), Some(read)) = (written.get("json"), row.get("json")) {
            assert_eq!(written, read, "{}", path.display());
        }
    }
}

/// A record of an earlier release leads to the job that this release makes of such an event.
#[test]
fn a_frozen_record_leads_to_the_frozen_job() {
    let jobs = crate::jobs::frozen();
    for event_type in TYPES {
        let name = event_type.as_str();
        let of = |frozen: &[(std::path::PathBuf, Value)], file: String| {
            frozen.iter().find(|(path, _)| path.ends_with(&file)).unwrap().1.clone()
        };
        let record = of(&frozen("records"), format!("0.1/records/{name}.json"));
        let job = Job::first(webhook(), &event_in_row(&row_in(&record)).unwrap());
        let job: Value = serde_json::from_str(&job.to_json()).unwrap();
        assert_eq!(job, of(&jobs, format!("0.1/jobs/deliver-inline-{name}.json")), "{name}");
    }
}
