//! Checks the commands that users copy from documents and programs.

use crate::source::{files, read};

const PROGRAMS: [&str; 5] =
    ["README.md", "CONTRIBUTING.md", "infra/deploy.py", "infra/local/run.py", "infra/local/events/ingest.json"];

fn has_date(text: &str) -> bool {
    let is_date = |words: &[u8]| {
        let form = b"dddd-dd-ddT";
        words.iter().zip(form).all(|(byte, form)| if *form == b'd' { byte.is_ascii_digit() } else { byte == form })
    };
    // Unix times, as JSON has them, and as JSON inside a text has them.
    let unix = ["\"timestamp\":1", "\"timestamp\": 1", r#"timestamp\":1"#, r#"timestamp\":\"1"#];
    text.as_bytes().windows(11).any(is_date) || unix.iter().any(|time| text.contains(time))
}

/// Lists show only the last day, unless a request asks for more. So an event that a copied command sends must have the
/// present time, no matter when the command was written.
#[test]
fn no_command_that_users_copy_has_a_date_of_its_own() {
    let pages = files("docs", ".md").into_iter().map(|page| (page.path, page.text));
    for (path, text) in PROGRAMS.iter().map(|path| ((*path).to_owned(), read(path))).chain(pages) {
        assert!(!has_date(&text), "{path} has a command with a fixed time");
    }
    assert!(has_date("at 2026-01-02T03:04:05Z") && has_date(r#"{"timestamp": 1767323045}"#));
}
