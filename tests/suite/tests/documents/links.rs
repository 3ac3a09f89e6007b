//! Checks the links of documents, their anchors, and the book's table of contents.

use std::collections::BTreeSet;

use crate::files::{all, documents, read};
use crate::prose::{without_code_spans, without_fences};

/// The targets of a document's links, each with its line number.
fn links(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (line, text) in without_fences(text) {
        let text = without_code_spans(&text);
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        found.extend(targets.map(|(target, _)| (line, target.to_owned())));
    }
    found
}

/// The path from the root that a link in a document leads to.
fn resolved(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

/// The anchors of a document's headings, as the book and websites that host code make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = without_fences(text).into_iter().filter_map(|(_, line)| {
        let level = line.chars().take_while(|letter| *letter == '#').count();
        (level > 0).then(|| line[level..].trim().to_lowercase())
    });
    let keep = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_' || letter == ' ';
    headings.map(|heading| heading.chars().filter(|l| keep(*l)).collect::<String>().replace(' ', "-")).collect()
}

/// The errors in a document's links.
fn faults(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (line, target) in links(text).into_iter().filter(|(_, target)| !target.contains("://")) {
        let (page, anchor) = target.split_once('#').map_or((target.as_str(), None), |(page, at)| (page, Some(at)));
        let to = if page.is_empty() { Some(path.to_owned()) } else { resolved(path, page) };
        let Some(to) = to else {
            found.push(format!("{path}:{line} leads out of the project: {target}"));
            continue;
        };
        let is_folder = all().iter().any(|file| file.starts_with(&format!("{to}/")));
        if !all().contains(&to) && !is_folder && to != path {
            found.push(format!("{path}:{line} leads nowhere: {target}"));
        } else if path.starts_with("docs/") && !to.starts_with("docs/") {
            found.push(format!("{path}:{line} leads out of the book: {target}"));
        } else if let Some(anchor) = anchor {
            let own = to == path;
            let text = if own { text.to_owned() } else { read(&to) };
            if !anchors(&text).contains(anchor) {
                found.push(format!("{path}:{line} names a heading that is not there: {target}"));
            }
        }
    }
    found
}

/// The pages that a table of contents does not list exactly once, and the listed pages that do not exist.
fn unlisted(summary: &str, pages: &BTreeSet<String>) -> Vec<String> {
    let listed: Vec<_> = links(summary).into_iter().map(|(_, target)| format!("docs/{target}")).collect();
    let missing = pages.iter().filter(|page| listed.iter().filter(|listed| listed == page).count() != 1);
    let unknown = listed.iter().filter(|listed| !pages.contains(*listed));
    missing.chain(unknown).cloned().collect()
}

#[test]
fn every_link_leads_to_a_page_and_its_heading() {
    let found: Vec<_> = documents().flat_map(|path| faults(path, &read(path))).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_summary_lists_every_page_once() {
    let pages = documents().filter(|path| path.starts_with("docs/") && *path != "docs/SUMMARY.md");
    let pages: BTreeSet<_> = pages.map(str::to_owned).collect();
    assert_eq!(unlisted(&read("docs/SUMMARY.md"), &pages), Vec::<String>::new());
}

#[test]
fn broken_links_are_found() {
    let text = "# A b: `c`, d\n[x](#a-b-c-d) [y](https://example.com) `[z](nowhere.md)`\n```\n[z](nowhere.md)\n```\n";
    assert_eq!(faults("docs/a.md", text), Vec::<String>::new());
    for (link, fault) in [
        ("[x](nowhere.md)", "leads nowhere"),
        ("[x](#b)", "heading that is not there"),
        ("[x](SUMMARY.md#nothing)", "heading that is not there"),
        ("[x](../README.md)", "leads out of the book"),
        ("[x](../../README.md)", "leads out of the project"),
    ] {
        assert!(faults("docs/a.md", link)[0].contains(fault), "{link}");
    }
    let pages = ["docs/a.md", "docs/b.md"].map(str::to_owned).into();
    assert_eq!(unlisted("- [A](a.md)\n- [C](c.md)\n", &pages), ["docs/b.md", "docs/c.md"]);
    assert_eq!(unlisted("- [A](a.md)\n- [A](a.md)\n- [B](b.md)\n", &pages), ["docs/a.md"]);
}
