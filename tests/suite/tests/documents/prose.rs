//! Checks that prose does not use certain words, and that comments are not too wide.

use crate::files::{all, is};

/// Old or vague words. `docs/style.md` says what to write instead.
const UNUSED: [&str; 10] = [
    "beside",
    "whoever",
    "whatever",
    "befall",
    "all the same",
    "likewise",
    "at last",
    "meanwhile",
    "come to rest",
    "mend",
];
/// Maximum width of a comment's line. Reason: it is the formatter's maximum width.
const WIDTH: usize = 120;

/// The prose of a file, with line numbers: a document without its code blocks, or the comments of code.
pub(crate) fn prose(path: &str, text: &str) -> Vec<(usize, String)> {
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line));
    if is(path, ".md") {
        return without_fences(text).into_iter().map(|(line, text)| (line, without_code_spans(&text))).collect();
    }
    if is(path, ".rs") {
        return lines.filter_map(|(line, text)| Some((line, comment(text, "//")?))).collect();
    }
    if is(path, ".yaml") {
        // In these files, everything that is not a comment is a description or a key.
        return lines.map(|(line, text)| (line, text.trim_start_matches([' ', '#']).to_owned())).collect();
    }
    let is_python = is(path, ".py");
    if is_python || path.ends_with("Makefile") || path == ".ci/run" {
        let mut in_docstring = false;
        let mut found = Vec::new();
        for (line, text) in lines {
            let quotes = if is_python { text.matches("\"\"\"").count() } else { 0 };
            if in_docstring || quotes > 0 {
                found.push((line, text.trim().to_owned()));
            } else if let Some(comment) = comment(text, "#") {
                found.push((line, comment));
            }
            in_docstring ^= quotes % 2 == 1;
        }
        return found;
    }
    Vec::new()
}

/// The lines of a document outside of code blocks, with line numbers.
pub(crate) fn without_fences(text: &str) -> Vec<(usize, String)> {
    let mut fenced = false;
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            found.push((index + 1, line.to_owned()));
        }
    }
    found
}

/// A line without its code spans, because these quote programs.
pub(crate) fn without_code_spans(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// The code spans of a line.
pub(crate) fn code_spans(line: &str) -> Vec<String> {
    let parts: Vec<_> = line.split('`').collect();
    // A code span that is not closed does not count.
    let closed = if parts.len().is_multiple_of(2) { &parts[..parts.len() - 1] } else { &parts[..] };
    closed.iter().skip(1).step_by(2).map(|&span| span.to_owned()).collect()
}

/// The comment of a line of code: the whole line, or the text after the code. A marker inside a text does not count.
fn comment(line: &str, marker: &str) -> Option<String> {
    let trimmed = line.trim_start();
    if trimmed.starts_with(marker) {
        return Some(trimmed.trim_start_matches(['/', '!', '#', ' ']).to_owned());
    }
    let (code, comment) = line.split_once(&format!(" {marker} "))?;
    code.matches('"').count().is_multiple_of(2).then(|| comment.to_owned())
}

/// The names of a Rust file's functions as words: a test's name is a sentence.
fn function_names(path: &str, text: &str) -> Vec<String> {
    let code = if is(path, ".rs") { text } else { "" };
    let names = code.lines().filter_map(|line| {
        let (before, name) = line.trim_start().split_once("fn ")?;
        name.split(['(', '<']).next().filter(|_| !before.contains('"'))
    });
    names.map(|name| name.replace('_', " ")).collect()
}

/// The refused words in a file's prose and in its functions' names. A phrase may continue on the next line.
fn words(path: &str, text: &str) -> Vec<&'static str> {
    let prose = prose(path, text).into_iter().map(|(_, line)| without_code_spans(&line));
    let prose: Vec<_> = prose.chain(function_names(path, text)).collect();
    let prose = format!(" {} ", prose.join(" ").to_lowercase());
    let is_used = |word: &&&str| {
        prose.match_indices(**word).any(|(at, _)| {
            let edges = (prose[..at].chars().next_back(), prose[at + word.len()..].chars().next());
            ![edges.0, edges.1].into_iter().flatten().any(char::is_alphanumeric)
        })
    };
    UNUSED.iter().filter(is_used).copied().collect()
}

/// The lines whose comments are too wide. A line with a URL may be wide, because a URL cannot be broken.
fn wide(path: &str, text: &str) -> Vec<usize> {
    let is_code = [".rs", ".py", ".yaml", "Makefile"].iter().any(|end| path.ends_with(end)) || path == ".ci/run";
    if !is_code {
        return Vec::new();
    }
    let lines: Vec<_> = text.lines().collect();
    let is_wide = |line: &usize| lines[line - 1].chars().count() > WIDTH && !lines[line - 1].contains("http");
    let is_comment = |line: &usize| {
        let line = lines[line - 1];
        line.trim_start().starts_with(['/', '#']) || line.contains(" // ") || line.contains(" # ")
    };
    prose(path, text).into_iter().map(|(line, _)| line).filter(is_comment).filter(is_wide).collect()
}

/// The errors in a file's prose.
pub(crate) fn faults(path: &str, text: &str) -> Vec<String> {
    let words = words(path, text).into_iter().map(|word| format!("{path} uses the word \"{word}\""));
    let wide = wide(path, text).into_iter().map(|line| format!("{path}:{line} has a comment of more than {WIDTH}"));
    words.chain(wide).collect()
}

#[test]
fn prose_is_plain_and_comments_are_no_wider_than_code() {
    let is_written = |path: &&String| !is(path, ".lock") && !path.contains("fixtures/");
    let of_file = |path: &String| {
        let text = std::fs::read_to_string(crate::files::root().join(path)).unwrap_or_default();
        faults(path, &text)
    };
    let found: Vec<_> = all().iter().filter(is_written).flat_map(of_file).collect();
    assert!(found.is_empty(), "docs/style.md says what to write instead:\n{}", found.join("\n"));
}

#[test]
fn words_and_widths_are_found_where_they_are() {
    assert_eq!(words("a.rs", "let beside = 1; // it stands\n"), Vec::<&str>::new());
    assert_eq!(words("a.rs", "/// It goes on all the\n/// same.\n"), ["all the same"]);
    assert_eq!(words("a.rs", "call(); // Beside it\n"), ["beside"]);
    assert_eq!(words("a.rs", "async fn it_stands_beside_it() {}\n"), ["beside"]);
    assert_eq!(words("a.rs", "// besides, we recommend an amendment\n"), Vec::<&str>::new());
    assert_eq!(words("a.rs", &format!("call(\"a // {}\");\n", UNUSED[1])), Vec::<&str>::new());
    assert_eq!(words("a.py", "\"\"\"For whoever\nasks.\"\"\"\nx = 'likewise'\n"), ["whoever"]);
    assert_eq!(words("a.yaml", "Description: meanwhile\n"), ["meanwhile"]);
    assert_eq!(words("Makefile", "all: # Whatever\n"), ["whatever"]);
    assert_eq!(words("a.md", "At last `mend` it.\n```\nbefall\n```\n"), ["at last"]);
    let long = "x".repeat(WIDTH);
    assert_eq!(wide("a.rs", &format!("fn a() {{}}\n// {long}\n")), [2]);
    assert_eq!(wide("a.rs", &format!("// {}\n// http://{long}\n", &long[3..])), Vec::<usize>::new());
    assert_eq!(wide("a.rs", &format!("let x = \"{long}\";\n")), Vec::<usize>::new());
    assert_eq!(code_spans("a `b` c `d` e `f"), ["b", "d"]);
}
