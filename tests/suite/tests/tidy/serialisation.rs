//! Checks that serialisation is a border: each edge has wire structs of its own, and no domain type is serialised
//! directly.

use crate::source::{deployed_files, rust_files};

/// Files whose structs are the stored or queued form of something. They keep the fields that they do not know in a
/// flattened map, because a newer release writes its fields next to ours.
const KEEP_UNKNOWN_FIELDS: [&str; 3] =
    ["shared/domain/src/job/wire.rs", "shared/domain/src/stored_event.rs", "shared/domain/src/stored_event/about.rs"];
/// Folders and files whose structs read what was stored or queued, perhaps by a newer release. A strict reader there
/// stops deliveries after a rollback. Requests are another matter: a field that is ignored would be a lie.
const TOLERANT: [&str; 4] =
    ["shared/domain/src/job", "shared/domain/src/stored_event", "shared/src/store", "shared/src/queue"];

const DOMAIN: [&str; 6] = ["event", "webhook", "delivery", "tenant", "source", "secret"];

#[test]
fn serialisation_is_a_border() {
    for file in deployed_files() {
        let keeps = KEEP_UNKNOWN_FIELDS.contains(&file.path.as_str());
        assert_eq!(file.text.contains("flatten)]"), keeps, "{}: flatten", file.path);
        assert!(!file.text.contains("serde(untagged"), "{}: untagged", file.path);
    }
    let mut looked_at = Vec::new();
    for file in rust_files("shared") {
        let segments: Vec<_> = file.segments().collect();
        if let [module] = segments.as_slice()
            && DOMAIN.contains(module)
        {
            looked_at.push((*module).to_owned());
            assert!(
                !file.production().contains("Serialize"),
                "{}: a domain type must not be serialised directly",
                file.path
            );
        }
    }
    looked_at.sort();
    assert_eq!(looked_at, ["delivery", "event", "secret", "source", "tenant", "webhook"]);
}

fn is_tolerant(path: &str) -> bool {
    TOLERANT.iter().any(|place| path.strip_prefix(place).is_some_and(|rest| rest.starts_with(['/', '.'])))
}

#[test]
fn what_was_stored_or_queued_is_read_with_unknown_fields() {
    let mut looked_at = 0;
    for file in rust_files("shared").into_iter().filter(|file| is_tolerant(&file.path)) {
        looked_at += 1;
        assert!(!file.text.contains("deny_unknown_fields"), "{} is strict: requests are, rows and jobs not", file.path);
    }
    assert!(looked_at > 40, "{looked_at}");
    assert!(is_tolerant("shared/domain/src/job/wire.rs") && is_tolerant("shared/domain/src/stored_event.rs"));
    assert!(!is_tolerant("shared/domain/src/jobs.rs") && !is_tolerant("functions/api/src/job.rs"));
}
