//! The places that a new dialect needs and that no compiler asks for: receivers and documents.
//!
//! CONTRIBUTING.md, "Adding a dialect", has all places in their order.

use std::path::Path;

use shared::dialect::Dialect;
use support::systems::receiver_of;

/// The places where a dialect with this word, and with receivers of this name, is missing.
fn missing_places(word: &str, receiver: &str) -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let row = format!("| `{word}` |");
    let receivers = [format!("tests/systems/express/{receiver}.js"), format!("tests/systems/flask/{receiver}.py")];
    let mut wanted: Vec<_> = receivers.into_iter().map(|path| (root.join(&path).is_file(), path)).collect();
    wanted.push((
        read("docs/guide/dialects.md").lines().any(|line| line.starts_with(&row)),
        format!("docs/guide/dialects.md: a row of {word} in the table"),
    ));
    wanted.push((
        read("infra/openapi.yaml").contains(&format!("        * `{word}`: ")),
        format!("infra/openapi.yaml: {word} in the description of Dialect"),
    ));
    wanted.into_iter().filter(|(present, _)| !present).map(|(_, place)| place).collect()
}

#[test]
fn every_dialect_is_in_every_place() {
    let missing: Vec<_> =
        Dialect::ALL.iter().flat_map(|dialect| missing_places(dialect.as_str(), receiver_of(*dialect))).collect();
    assert!(missing.is_empty(), "to be added (see CONTRIBUTING.md):\n{}", missing.join("\n"));
}

#[test]
fn each_place_that_lacks_a_dialect_is_named() {
    insta::assert_snapshot!(missing_places("acme", "acme").join("\n"), @r"
    tests/systems/express/acme.js
    tests/systems/flask/acme.py
    docs/guide/dialects.md: a row of acme in the table
    infra/openapi.yaml: acme in the description of Dialect
    ");
}
