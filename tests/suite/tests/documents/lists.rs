//! Compares the lists in pages of the reference with the code.

use std::collections::BTreeSet;

use crate::files::{all, production, read, without_tests};

/// The cells of a page's tables, row by row.
fn rows(page: &str) -> Vec<Vec<String>> {
    let rows = page.lines().filter(|line| line.starts_with('|'));
    rows.map(|row| row.split('|').skip(1).map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// The text of a cell, if the cell is one code span.
fn word(cell: &str) -> Option<&str> {
    cell.strip_prefix('`')?.strip_suffix('`').filter(|word| !word.contains('`'))
}

/// The problems in code: a status, and after it the problem's type, as in `404, "not-found"`.
fn problems(code: &str) -> BTreeSet<(u16, String)> {
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices('"') {
        let Some((kind, _)) = code[at + 1..].split_once('"') else { continue };
        let is_kind = !kind.is_empty() && kind.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-');
        let Some(before) = code[..at].trim_end().strip_suffix(',') else { continue };
        let digits = before.len() - before.trim_end_matches(|letter: char| letter.is_ascii_digit()).len();
        let status = before[before.len() - digits..].parse().ok().filter(|status| (400..600).contains(status));
        if let (true, 3, Some(status)) = (is_kind, digits, status) {
            found.insert((status, kind.to_owned()));
        }
    }
    found
}

/// The differences between the page of problems and the code.
fn unlike_problems(page: &str, code: &str) -> Vec<String> {
    let listed: Vec<_> =
        rows(page).into_iter().filter_map(|row| Some((word(&row[0])?.to_owned(), row[1].clone()))).collect();
    let made = problems(code);
    let unlisted = made.iter().filter(|(status, kind)| {
        !listed.iter().any(|(word, statuses)| word == kind && statuses.contains(&status.to_string()))
    });
    let unmade = listed.iter().filter(|(word, _)| !code.contains(&format!("\"{word}\"")));
    let unlisted = unlisted.map(|(status, kind)| format!("the page lacks {kind} with {status}"));
    unlisted.chain(unmade.map(|(word, _)| format!("no code makes {word}"))).collect()
}

/// The words of the kinds of jobs.
fn kinds(code: &str) -> BTreeSet<String> {
    let body = code.split_once("enum Kind {").unwrap().1.split_once('}').unwrap().0;
    body.split(',').map(|variant| variant.trim().to_lowercase()).filter(|word| !word.is_empty()).collect()
}

/// The beginnings of the texts in the code of a table's keys.
fn prefixes(code: &str) -> BTreeSet<String> {
    let texts = code.split('"').skip(1).step_by(2);
    let beginnings = texts.map(|text| text.split('{').next().unwrap_or_default().to_owned());
    beginnings.filter(|beginning| beginning.chars().any(|letter| letter.is_ascii_uppercase())).collect()
}

#[test]
fn the_page_of_problems_has_every_type_and_no_other() {
    let code = production();
    assert!(problems(&code).len() > 20);
    let unlike = unlike_problems(&read("docs/reference/problems.md"), &code);
    assert!(unlike.is_empty(), "docs/reference/problems.md: {}", unlike.join("; "));
}

#[test]
fn the_page_of_jobs_has_every_kind_and_no_other() {
    let path = all().iter().find(|path| path.ends_with("domain/src/job/wire.rs")).unwrap();
    let page = read("docs/reference/jobs.md");
    let table = page.split("\n## ").next().unwrap();
    let listed: BTreeSet<_> = rows(table).iter().filter_map(|row| word(&row[0]).map(str::to_owned)).collect();
    // The first row is the table's header.
    let listed: BTreeSet<_> = listed.into_iter().filter(|word| word != "kind").collect();
    assert_eq!(listed, kinds(&read(path)));
}

#[test]
fn the_page_of_tables_has_every_prefix_of_a_key() {
    let page = read("docs/reference/tables.md");
    let mut count = 0;
    for path in all().iter().filter(|path| path.starts_with("shared/src/store/") && path.ends_with("/keys.rs")) {
        for prefix in prefixes(&without_tests(&read(path))) {
            count += 1;
            assert!(page.contains(&format!("`{prefix}")), "docs/reference/tables.md lacks {prefix} of {path}");
        }
    }
    assert!(count > 15, "{count}");
}

#[test]
fn what_a_page_lacks_is_found() {
    let code =
        "Problem::new(404, \"not-found\", \"Not found\")\nnew(\n  409,\n  \"conflict\",\n) (200, \"ok\") (x, \"y\")";
    assert_eq!(problems(code), [(404, "not-found".to_owned()), (409, "conflict".to_owned())].into());
    let page = "| type | status |\n|---|---|\n| `not-found` | 404, 401 |\n| `conflict` | 400 |\n| `gone` | 410 |\n";
    assert_eq!(unlike_problems(page, code), ["the page lacks conflict with 409", "no code makes gone"]);
    assert_eq!(kinds("enum Kind {\n    Deliver,\n    Probe,\n}"), ["deliver", "probe"].map(str::to_owned).into());
    let keys = r#"const W: &str = "W#"; format!("T#{tenant}"), format!("{W}{webhook}"), format!("{a}#{b}")"#;
    assert_eq!(prefixes(keys), ["T#", "W#"].map(str::to_owned).into());
}
