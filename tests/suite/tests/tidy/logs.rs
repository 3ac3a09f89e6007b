//! Checks that a log line says what it is about: a warning or an error has an id as a field, either its own field or a
//! field of the span around it.

use std::collections::BTreeSet;

use crate::production::text_length;
use crate::source::{File, rust_files};

/// The ends of messages that are not about one single thing. A new entry needs a reason of this kind. An entry whose
/// line does not exist any more fails until it is removed here.
const EXCEPTED: [&str; 3] = [
    // This line is about a whole invocation.
    "of {} records to go",
    "could not read which webhooks have changed",
    // To be fixed: a failed entry of a batch does not know its job.
    "{failure}",
];

const LINES: [&str; 2] = ["error!(", "warn!("];
const SPANS: [&str; 3] = ["error_span!(", "info_span!(", "instrument("];

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

/// Whether one of the fields is an id.
fn has_id(arguments: &str) -> bool {
    let names = arguments.split(',').filter_map(|field| field.split_once('=').map(|(name, _)| name.trim()));
    names.into_iter().any(|name: &str| [".id", "_id", ".sequence_number"].iter().any(|end| name.ends_with(end)))
}

/// The log lines of a crate that have no id. If a crate opens spans with ids, all its lines have these ids.
fn without_id(files: &[File]) -> Vec<String> {
    let codes: Vec<_> = files.iter().map(|file| (&file.path, file.production())).collect();
    if codes.iter().any(|(_, code)| calls(&SPANS, code).into_iter().any(has_id)) {
        return Vec::new();
    }
    let lines = codes.iter().flat_map(|(path, code)| calls(&LINES, code).into_iter().map(move |line| (path, line)));
    lines.filter(|(_, line)| !has_id(line)).map(|(path, line)| format!("{path}: {}", line.trim())).collect()
}

#[test]
fn lines_of_logs_have_an_id() {
    let mut used = BTreeSet::new();
    for room in ["ingest", "dispatch", "deliver", "api"] {
        for call in without_id(&rust_files(&format!("functions/{room}/src"))) {
            let excepted = EXCEPTED.iter().find(|message| call.contains(**message));
            used.insert(*excepted.unwrap_or_else(|| panic!("this log line has no id: {call}")));
        }
    }
    assert_eq!(used, EXCEPTED.into(), "remove the exceptions that are not needed any more");
}

#[test]
fn a_line_without_an_id_is_found() {
    let file = |text: &str| File { path: "functions/api/src/x.rs".to_owned(), text: text.to_owned() };
    let (with, without) = ("tracing::warn!(tenant.id = %x(1), \"a) is b\");", "error!(error, \"id is {id}\");");
    assert_eq!(without_id(&[file(with), file(without)]), ["functions/api/src/x.rs: error, \"id is {id}\""]);
    let span = |field: &str| file(&format!("let span = info_span!(\"message\", {field});"));
    assert_eq!(without_id(&[file(without), span("kind = 7")]).len(), 1);
    assert_eq!(without_id(&[file(without), span("sqs.message_id = 7")]), [""; 0]);
}
