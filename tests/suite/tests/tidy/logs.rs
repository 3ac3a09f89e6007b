//! A line of a log says what it is about: it is in a span that has the id of the request or the invocation, and the
//! other ids as soon as they are known. No line repeats an id of a span as its own field.

use std::collections::BTreeSet;

use crate::production::text_length;
use crate::source::{File, rust_files};

/// Lines that have an id of their own although a span of their crate has a field of that name, by the end of their
/// message. Each has its reason here; a line that is not there any more fails until it is removed from this list.
const EXCEPTED: [&str; 1] = [
    // One post can have several events, and then the span of the post has none of their ids.
    "an event cannot be read back; it is kept as unparsed",
];

const LINES: [&str; 3] = ["error!(", "warn!(", "info!("];
const SPANS: [&str; 2] = ["error_span!(", "info_span!("];

/// The text between the parentheses of each call of one of the macros.
fn calls<'a>(macros: &[&str], code: &'a str) -> Vec<&'a str> {
    let mut calls = Vec::new();
    for name in macros {
        let is_whole = |at: &usize| !code[..*at].ends_with(|letter: char| letter.is_alphanumeric() || letter == '_');
        let starts = code.match_indices(name).map(|(at, _)| at + name.len());
        calls.extend(starts.filter(|at| is_whole(&(at - name.len()))).map(|at| arguments(&code[at..])));
    }
    calls
}

/// The text before the parenthesis that closes the call.
fn arguments(rest: &str) -> &str {
    let (mut at, mut depth) = (0, 0);
    while let Some(letter) = rest[at..].chars().next() {
        match letter {
            '"' => {
                at += text_length(&rest[at..]);
                continue;
            }
            '(' => depth += 1,
            ')' if depth == 0 => break,
            ')' => depth -= 1,
            _ => {}
        }
        at += letter.len_utf8();
    }
    &rest[..at]
}

/// The names of the fields that are ids, as in `tenant.id = %tenant` or `request_id`.
fn ids(arguments: &str) -> BTreeSet<String> {
    let names = arguments.split(',').map(|field| field.split('=').next().unwrap_or_default().trim());
    let is_id = |name: &&str| [".id", "_id", ".sequence_number"].iter().any(|end| name.ends_with(end));
    names.filter(is_id).map(str::to_owned).collect()
}

/// What is wrong with the log of a crate: it has lines, and none of its spans has the id of the request or invocation
/// that all lines are about; or a line has a field that a span of the crate has, too.
fn faults(files: &[File]) -> Vec<String> {
    let codes: Vec<_> = files.iter().map(|file| (&file.path, file.production())).collect();
    let spans: BTreeSet<String> = codes.iter().flat_map(|(_, code)| calls(&SPANS, code)).flat_map(ids).collect();
    let is_entered = codes.iter().any(|(_, code)| code.contains(".instrument("));
    let has_request = is_entered && spans.contains("request_id");
    let lines = codes.iter().flat_map(|(path, code)| calls(&LINES, code).into_iter().map(move |line| (path, line)));
    let is_wrong = |line: &str| !has_request || ids(line).intersection(&spans).next().is_some();
    lines.filter(|(_, line)| is_wrong(line)).map(|(path, line)| format!("{path}: {}", line.trim())).collect()
}

#[test]
fn lines_of_logs_have_their_ids_from_spans_and_do_not_repeat_them() {
    let mut used = BTreeSet::new();
    for room in ["ingest", "dispatch", "deliver", "api"] {
        for fault in faults(&rust_files(&format!("functions/{room}/src"))) {
            let excepted = EXCEPTED.iter().find(|message| fault.contains(**message));
            used.insert(*excepted.unwrap_or_else(|| panic!("outside of a span with its id, or repeats it: {fault}")));
        }
    }
    assert_eq!(used, EXCEPTED.into(), "remove the exceptions that are not needed any more");
}

#[test]
fn lines_outside_of_spans_and_lines_that_repeat_an_id_are_found() {
    let file = |text: &str| File { path: "functions/api/src/x.rs".to_owned(), text: text.to_owned() };
    let (with, without) = ("tracing::warn!(tenant.id = %x(1), \"a) is b\");", "error!(error, \"id is {id}\");");
    let span = |fields: &str| file(&format!("work.instrument(info_span!(\"request\", {fields})).await;"));
    assert_eq!(faults(&[file(without)]), ["functions/api/src/x.rs: error, \"id is {id}\""]);
    assert_eq!(faults(&[file(without), span("kind = 7")]).len(), 1);
    assert_eq!(faults(&[file(without), span("request_id")]), [""; 0]);
    assert_eq!(faults(&[file(with), span("request_id")]), [""; 0]);
    let repeated = faults(&[file(with), span("request_id, tenant.id = Empty")]);
    assert_eq!(repeated, ["functions/api/src/x.rs: tenant.id = %x(1), \"a) is b\""]);
}
