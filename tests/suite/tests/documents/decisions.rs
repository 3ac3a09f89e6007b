//! Checks the form of the records of decisions, and that the tests that a record names exist.

use crate::files::{all, is, read};
use crate::prose::code_spans;

const PARTS: [&str; 4] = ["\n## Context\n", "\n## Decision\n", "\n## Consequences\n", "\n## Held by\n"];

/// The errors in a record. `has` says whether a test or a target of make has this name.
fn faults(record: &str, has: impl Fn(&str) -> bool) -> Vec<String> {
    let places: Vec<_> = PARTS.iter().map(|part| record.find(part)).collect();
    let mut found = Vec::new();
    if places.iter().any(Option::is_none) || !places.is_sorted() {
        found.push("it does not have the four parts in their order".to_owned());
    }
    let held_by = record.split(PARTS[3]).nth(1).unwrap_or_default();
    let names: Vec<_> = held_by.lines().flat_map(code_spans).collect();
    if names.is_empty() {
        found.push("no test holds it".to_owned());
    }
    found.extend(names.iter().filter(|name| !has(name)).map(|name| format!("{name} is not there")));
    found
}

#[test]
fn each_decision_has_its_parts_and_what_holds_it() {
    let is_code = |path: &&String| is(path, ".rs") || is(path, ".py") || path.as_str() == "Makefile";
    let code = all().iter().filter(is_code).map(|path| read(path)).collect::<Vec<_>>().join("\n");
    let has = |name: &str| match name.strip_prefix("make ") {
        Some(target) => code.contains(&format!("\n{target}:")),
        None if name.contains('.') => all().contains(name),
        None => code.contains(&format!("fn {name}(")) || code.contains(&format!("def {name}(")),
    };
    let records: Vec<_> = all().iter().filter(|path| path.starts_with("docs/decisions/")).collect();
    for (index, path) in records.iter().enumerate() {
        let (number, text) = (index + 1, read(path));
        assert!(path.starts_with(&format!("docs/decisions/{number:04}-")), "{path} is not number {number}");
        assert!(text.starts_with(&format!("# {number}. ")), "{path} has another number in its title");
        assert_eq!(faults(&text, has), Vec::<String>::new(), "{path}");
    }
    assert!(records.len() >= 22);
}

#[test]
fn a_record_without_a_part_or_a_test_is_found() {
    let good =
        "# 1. A\n\n## Context\n\nx\n\n## Decision\n\nx\n\n## Consequences\n\nx\n\n## Held by\n\n`a_test`, `make b`.\n";
    assert_eq!(faults(good, |_| true), Vec::<String>::new());
    assert_eq!(faults(good, |name| name == "a_test"), ["make b is not there"]);
    assert!(!faults(&good.replace("## Decision", "## Idea"), |_| true).is_empty());
    assert_eq!(faults(good.split("`a_test`").next().unwrap(), |_| true), ["no test holds it"]);
}
