//! Checks that serialisation is a border: each edge has wire structs of its own, and no domain type is serialised
//! directly.

use crate::source::{deployed_files, rust_files};

const DOMAIN: [&str; 6] = ["event", "webhook", "delivery", "tenant", "source", "secret"];

#[test]
fn serialisation_is_a_border() {
    for file in deployed_files() {
        for forbidden in ["serde(flatten", "serde(untagged"] {
            assert!(!file.text.contains(forbidden), "{}: {forbidden}", file.path);
        }
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
