//! Jobs in the words of each release, frozen: this release reads the jobs of all earlier ones, and writes them back as
//! they were. Nobody changes the files of a release that is out. A new kind of job, or a new optional field, is a new
//! file of the next release.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};
use shared::queue::job::Job;
use support::jobs::{every_job, inserted, with_a_newer_word, with_one_field_more};

use crate::{TYPES, assert_frozen, event, webhook};

/// The jobs as the writers of this release make them, by the names of their files.
fn written() -> BTreeMap<String, Job> {
    let mut jobs = BTreeMap::new();
    for event_type in TYPES {
        for (name, job) in every_job(webhook(), &event(event_type)) {
            // Only these carry the event. The others are the same for every type.
            let has_event = name.starts_with("deliver-inline");
            let name = if has_event { format!("{name}-{}", event_type.as_str()) } else { name.to_owned() };
            jobs.entry(name).or_insert(job);
        }
    }
    jobs
}

/// The frozen jobs of every release: their paths and contents.
pub(crate) fn frozen() -> Vec<(PathBuf, Value)> {
    crate::frozen("jobs")
}

fn value(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

#[test]
fn the_writers_make_the_jobs_that_are_frozen() {
    for (name, job) in written() {
        assert_frozen("jobs", &name, &value(&job.to_json()));
    }
}

#[test]
fn the_jobs_of_every_release_are_read_and_written_back_equal() {
    let frozen = frozen();
    assert!(frozen.len() >= written().len(), "{}", frozen.len());
    for (path, body) in frozen {
        let job = Job::from_json(&body.to_string()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(value(&job.to_json()), body, "{}", path.display());
    }
}

#[test]
fn a_field_more_anywhere_is_read_and_written_back() {
    for (path, body) in frozen() {
        let more = with_one_field_more(&body.to_string());
        assert!(!more.is_empty());
        for (pointer, body) in more {
            let job = Job::from_json(&body).unwrap_or_else(|error| panic!("{} {pointer}: {error}", path.display()));
            assert_eq!(value(&job.to_json()), value(&body), "{} {pointer}", path.display());
            // The job of the next round, for which the field is written again.
            if let Job::Deliver(job) = job {
                let next = value(&Job::Deliver(job.in_next_round()).to_json());
                let object = next.pointer(pointer);
                assert!(object.is_none_or(|object| object["zz_new"] == inserted()), "{next}");
                assert!(object.is_some() || pointer == "/slot", "{next}");
            }
        }
    }
}

#[test]
fn every_word_that_is_unknown_makes_a_job_of_a_newer_release() {
    use shared::queue::job::JobReadError::Newer;
    let mut pointers = std::collections::BTreeSet::new();
    for (path, body) in frozen() {
        for (pointer, body) in with_a_newer_word(&body.to_string()) {
            let read = Job::from_json(&body);
            assert!(matches!(read, Err(Newer(_))), "{} {pointer}: {read:?}", path.display());
            pointers.insert(pointer);
        }
    }
    assert_eq!(pointers.len(), 9, "each kind of word is in a frozen job: {pointers:?}");
}

/// A value of another type where this release looks for a text, a number or an object: no release writes that with the
/// present version, so it is broken. It is found before anything is sent on.
#[test]
fn no_word_is_taken_for_another() {
    for (path, body) in frozen() {
        for pointer in ["/kind", "/tenant", "/inline/type", "/inline/about/reason"] {
            let mut body = body.clone();
            let Some(word) = body.pointer_mut(pointer) else { continue };
            *word = json!(7);
            let read = Job::from_json(&body.to_string());
            assert!(matches!(read, Err(shared::queue::job::JobReadError::Broken(_))), "{}: {read:?}", path.display());
        }
    }
}
