//! What each release has stored and queued, frozen: jobs and records of the stream. This release reads all of it, and
//! writes it back as it was. The frozen rows of the other tables are in `api_room/frozen_rows.rs`.

#![cfg(test)]

mod jobs;
mod records;

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::Value;
use shared::event::{Event, EventType, example};
use shared::id::{TenantId, WebhookId};

/// The release whose files this release's writers must make. It is raised, and a folder added, with a release.
const PRESENT: &str = "0.1";

/// The types whose events have words of every kind.
const TYPES: [EventType; 4] =
    [EventType::Bounced, EventType::Rejected, EventType::WebhookDisabled, EventType::DeliveryDead];

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../fixtures/stored")
}

fn at() -> Timestamp {
    "2026-01-02T03:04:05.678Z".parse().unwrap()
}

fn webhook() -> WebhookId {
    WebhookId::mint(at(), [2; 10])
}

/// An event of a type, always the same.
fn event(event_type: EventType) -> Event {
    Event::accept(example(event_type, "key", at()), TenantId::mint(at(), [1; 10]), None, at())
}

/// The frozen files of a kind, of every release: their paths and contents.
fn frozen(kind: &str) -> Vec<(PathBuf, Value)> {
    let releases = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path().join(kind));
    let files = releases.flat_map(|release| std::fs::read_dir(release).unwrap()).map(|entry| entry.unwrap().path());
    files.map(|path| (path.clone(), serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())).collect()
}

/// Compares what a writer makes with its frozen file. `UPDATE_FROZEN=1` writes the files of the present release. Only a
/// release that is not out may be updated.
fn assert_frozen(kind: &str, name: &str, written: &Value) {
    let folder = folder().join(PRESENT).join(kind);
    let path = folder.join(format!("{name}.json"));
    let json = serde_json::to_string_pretty(written).unwrap() + "\n";
    if std::env::var_os("UPDATE_FROZEN").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(&path, &json).unwrap();
    }
    let frozen = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(json, frozen, "{}: what a release that is out wrote must not change", path.display());
}
