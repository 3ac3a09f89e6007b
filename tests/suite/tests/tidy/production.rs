//! Takes tests and comments out of a file, so that only the deployed code is left.

const TEST_MODULE: &str = "#[cfg(test)]\nmod tests {";

/// `text` without its comments and without the test module at its end. Everything else stays, so that the checks also
/// read code after another `#[cfg(test)]`.
pub(crate) fn production(text: &str) -> String {
    let end = text.find(TEST_MODULE).unwrap_or(text.len());
    let after = text[end..].split_once("\n}\n").map_or("", |(_, after)| after);
    assert!(after.is_empty(), "there is code after the test module:\n{after}");
    without_comments(&text[..end])
}

/// `code` without the text after `//`, unless `//` is inside a text literal. Each line keeps its number.
fn without_comments(code: &str) -> String {
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(letter) = rest.chars().next() {
        let length = if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
            continue;
        } else if letter == '"' {
            text_length(rest)
        } else if rest.starts_with("r#\"") || rest.starts_with("r##\"") {
            raw_text_length(rest)
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\") {
            // A quote or an escape as a character literal. Otherwise it would begin or end a text literal.
            rest[2..].find('\'').map_or(1, |end| end + 3)
        } else {
            letter.len_utf8()
        };
        kept.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    kept
}

/// The length of the text literal that `code` starts with.
pub(crate) fn text_length(code: &str) -> usize {
    let mut escaped = false;
    let end = code[1..].find(|letter| {
        let ends = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends
    });
    end.map_or(code.len(), |end| end + 2)
}

/// The length of the raw text literal that `code` starts with.
fn raw_text_length(code: &str) -> usize {
    let (start, close) = if code.starts_with("r##") { (4, "\"##") } else { (3, "\"#") };
    code[start..].find(close).map_or(code.len(), |end| start + end + close.len())
}

#[test]
fn only_the_test_module_at_the_end_and_comments_are_left_out() {
    let planted = r##"//! forbidden in a comment
use crate::a; // forbidden after code
const QUOTED: &str = "https://one \" // two";
const RAW: &str = r#"" // three"#;
const QUOTE: char = '"'; // forbidden too

#[cfg(test)]
fn only_in_tests() {
    call_in_the_middle();
}

fn deployed<'a>(text: &'a str) {
    call_after_the_middle();
}

#[cfg(test)]
mod tests {
    fn forbidden() {}
}
"##;
    let kept = production(planted);
    for expected in ["crate::a", "// two", "// three", "call_in_the_middle", "call_after_the_middle"] {
        assert!(kept.contains(expected), "{expected} was cut:\n{kept}");
    }
    assert!(!kept.contains("forbidden"), "{kept}");
    assert_eq!(kept.lines().count(), planted.lines().position(|line| line == "mod tests {").unwrap() - 1);
}

#[test]
#[should_panic(expected = "code after the test module")]
fn a_test_module_stands_at_the_end() {
    production("#[cfg(test)]\nmod tests {\n}\n\nfn unseen() {}\n");
}
