//! Compares the page of limits with the constants of the code, and the tests that it names with those that exist.

use std::collections::BTreeSet;

use crate::files::{all, is, read, without_tests};
use crate::prose::code_spans;

/// Code whose limits must all be on the page: what a caller writes is compared with them.
const OF_CALLERS: [&str; 3] =
    ["functions/api/src/fields/", "shared/domain/src/provider/own.rs", "functions/api/src/native/"];
/// Limits of what is read, of errors, and of what an answer costs us. No caller needs to know them.
const INNER: [&str; 8] = [
    "MAX_READ",
    "MAX_SECRET_READ",
    "MAX_DELAYS_READ",
    "MAX_AGE",
    "MAX_BYTES",
    "MAX_WEBHOOKS",
    "MAX_CANDIDATES",
    "MAX_LENGTH",
];

/// A row of the page: the number as it is written, the constant's name and file, and the tests.
struct Row {
    number: String,
    constant: String,
    file: String,
    tests: Vec<String>,
}

fn rows(page: &str) -> Vec<Row> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what |"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [_, number, _, constant, tests] = cells[..] else { panic!("not five cells: {row}") };
        let spans = code_spans(constant);
        let [constant, file] = &spans[..] else { panic!("no constant in a file: {row}") };
        let tests = code_spans(tests);
        Row { number: number.to_owned(), constant: constant.clone(), file: file.clone(), tests }
    })
    .collect()
}

/// A number with a unit, in the unit of constants: bytes, seconds, or pieces.
fn number(text: &str) -> Option<u64> {
    let (number, unit) = text.split_once(' ').unwrap_or((text, ""));
    let factor = match unit {
        "" => 1,
        "KiB" => 1_024,
        "MiB" => 1_024 * 1_024,
        "min" => 60,
        "h" => 3_600,
        "days" => 24 * 3_600,
        _ => return None,
    };
    Some(number.replace(',', "").parse::<u64>().ok()? * factor)
}

/// The value of a constant in `code`: a product, the end of a range, or a duration in seconds.
fn value(code: &str, name: &str) -> Option<u64> {
    let at = code.find(&format!("const {name}: "))?;
    let text = code[at..].split_once('=')?.1.split_once(';')?.0;
    let text = text.trim().trim_start_matches('=');
    let text = text.rsplit("..=").next()?;
    let durations = [("from_hours(", 3_600), ("from_mins(", 60), ("from_secs(", 1)];
    let duration = durations.iter().find_map(|(call, factor)| {
        let inner = text.split_once(call)?.1.rsplit_once(')')?.0;
        Some((inner.to_owned(), *factor))
    });
    let (product, factor) = duration.unwrap_or((text.to_owned(), 1));
    let mut factors = product.split('*').map(|factor| factor.trim().replace('_', "").parse::<u64>().ok());
    factors.try_fold(factor, |product, factor| Some(product * factor?))
}

/// The names of limits in code.
fn limits_in(code: &str) -> BTreeSet<String> {
    let names = code.split("const ").skip(1).filter_map(|rest| rest.split(':').next());
    names.filter(|name| name.starts_with("MAX_")).map(str::to_owned).collect()
}

#[test]
fn every_number_is_that_of_its_constant() {
    let rows = rows(&read("docs/reference/limits.md"));
    assert!(rows.len() > 60, "{}", rows.len());
    for Row { number: written, constant, file, .. } in rows {
        let is = value(&without_tests(&read(&file)), &constant);
        assert!(is.is_some(), "{constant} of {file} has no number");
        assert_eq!(number(&written), is, "docs/reference/limits.md: {written} for {constant} of {file}");
    }
}

#[test]
fn every_limit_of_a_field_is_on_the_page() {
    let listed: BTreeSet<_> =
        rows(&read("docs/reference/limits.md")).into_iter().map(|row| (row.file, row.constant)).collect();
    for path in all().iter().filter(|path| OF_CALLERS.iter().any(|place| path.starts_with(place)) && is(path, ".rs")) {
        for name in limits_in(&without_tests(&read(path))) {
            let is_listed = listed.contains(&(path.clone(), name.clone())) || INNER.contains(&name.as_str());
            assert!(is_listed, "docs/reference/limits.md lacks {name} of {path}");
        }
    }
}

#[test]
fn every_limit_has_a_test() {
    let is_code = |path: &&String| is(path, ".rs");
    let code = all().iter().filter(is_code).map(|path| read(path)).collect::<Vec<_>>().join("\n");
    for row in rows(&read("docs/reference/limits.md")) {
        assert!(!row.tests.is_empty(), "no test tries {} of {}", row.constant, row.file);
        for test in row.tests {
            assert!(code.contains(&format!("fn {test}(")), "{test} is not there");
        }
    }
}

#[test]
fn numbers_and_constants_are_read() {
    assert_eq!(
        ["4 MiB", "5,000", "48 h", "13 days", "15 min", "1 x"].map(number),
        [Some(4_194_304), Some(5_000), Some(172_800), Some(1_123_200), Some(900), None]
    );
    let code = "const A: usize = 4 * 1024;\npub const B: RangeInclusive<u32> = 1..=1_000;\n\
                const C: SignedDuration = SignedDuration::from_hours(2 * 24);\nconst D: usize = E - 1;";
    let values = ["A", "B", "C", "D", "E"].map(|name| value(code, name));
    assert_eq!(values, [Some(4_096), Some(1_000), Some(172_800), None, None]);
    assert_eq!(limits_in("const MAX_A: u8 = 1; const B: u8 = 2; pub const MAX_C: u8 = 3;").len(), 2);
}
