//! Checks the paths in backticks in documents and Rust comments.

use std::collections::BTreeSet;

use crate::exceptions::NAMES;
use crate::files::{all, is, read};
use crate::prose::{code_spans, prose, without_fences};

/// The folders in the root. A path begins with one of them.
const TOP: [&str; 7] = ["functions", "shared", "tests", "infra", "docs", ".ci", ".cargo"];
/// Endings of file names.
const ENDS: [&str; 7] = [".rs", ".py", ".md", ".yaml", ".toml", ".js", ".pem"];

/// Whether a code span is a path, and not code, a route or a media type.
fn is_path(span: &str) -> bool {
    let letters = span.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-./<>*".contains(letter));
    let first = span.split('/').next().unwrap_or_default();
    let in_project = span.contains('/') && TOP.contains(&first);
    let is_file = ENDS.iter().any(|end| span.len() > end.len() && span.ends_with(end));
    letters && !span.starts_with('/') && (in_project || is_file) && !NAMES.contains(&span)
}

/// Whether the path, or the last part of a path, belongs to a file or folder. `<…>` stands for any name.
fn exists(path: &str, files: &BTreeSet<String>) -> bool {
    let wanted: Vec<_> = path.trim_end_matches('/').split('/').collect();
    files.iter().any(|file| {
        let parts: Vec<_> = file.split('/').collect();
        // A path from the root may be a folder. Otherwise, the path must be the end of a file's path.
        let from_root = parts.len() >= wanted.len() && is_like(&wanted, &parts[..wanted.len()]);
        let at_end = parts.len() >= wanted.len() && is_like(&wanted, &parts[parts.len() - wanted.len()..]);
        from_root || at_end
    })
}

fn is_like(wanted: &[&str], parts: &[&str]) -> bool {
    wanted.iter().zip(parts).all(|(wanted, part)| match (wanted.find('<'), wanted.rfind('>')) {
        (Some(start), Some(end)) => part.starts_with(&wanted[..start]) && part.ends_with(&wanted[end + 1..]),
        _ => wanted == part,
    })
}

/// The paths that a file names, each with its line number.
fn named(path: &str, text: &str) -> Vec<(usize, String)> {
    let lines = if is(path, ".md") { without_fences(text) } else { prose(path, text) };
    let spans = lines.into_iter().flat_map(|(line, text)| code_spans(&text).into_iter().map(move |span| (line, span)));
    spans.filter(|(_, span)| is_path(span)).collect()
}

/// The paths that a file names and that do not exist.
pub(crate) fn faults(path: &str, text: &str) -> Vec<String> {
    if !is(path, ".md") && !is(path, ".rs") {
        return Vec::new();
    }
    let missing = named(path, text).into_iter().filter(|(_, named)| !exists(named, all()));
    missing.map(|(line, named)| format!("{path}:{line} names {named}")).collect()
}

#[test]
fn every_path_that_is_named_exists() {
    let is_read = |path: &&String| is(path, ".rs") || is(path, ".md");
    let found: Vec<_> = all().iter().filter(is_read).flat_map(|path| faults(path, &read(path))).collect();
    assert!(found.is_empty(), "these are not there:\n{}", found.join("\n"));
}

#[test]
fn paths_are_told_from_other_words_and_found_by_their_ends() {
    for path in ["shared/src/a.rs", "functions/api", "lib.rs", "a/<name>.rs", "docs/"] {
        assert!(is_path(path), "{path}");
    }
    for other in ["/api/v1/events", "application/json", "shared::outbound", "cargo test", "deliver", ".rs", "and/or"] {
        assert!(!is_path(other), "{other}");
    }
    let files: BTreeSet<_> = ["shared/src/store/keys.rs", "docs/a.md"].map(str::to_owned).into();
    for path in ["shared/src", "store/keys.rs", "keys.rs", "docs", "shared/src/<table>/keys.rs", "docs/<page>.md"] {
        assert!(exists(path, &files), "{path}");
    }
    for path in ["shared/store", "eys.rs", "src/keys.rs", "shared/src/<table>/item.rs", "store"] {
        assert!(!exists(path, &files), "{path}");
    }
    assert_eq!(named("a.rs", "// `x.rs`\nlet y = \"`z.rs`\";\n"), [(1, "x.rs".to_owned())]);
    assert!(faults("a.md", "`docs/no-such-page.md`\n")[0].contains("no-such-page"));
}
