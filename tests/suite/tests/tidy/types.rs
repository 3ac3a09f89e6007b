//! Checks that one name stands for one type: if a type is visible in its whole crate, no other crate has a type of this
//! name.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::{File, deployed_files};

/// Where a declared type is visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// In every crate.
    Everywhere,
    /// In its crate.
    Crate,
    /// In a folder of its crate.
    Folder,
}

/// The types that `code` declares with a visibility, and how far each is seen.
fn declared(code: &str) -> impl Iterator<Item = (&str, Seen)> {
    code.lines().filter_map(|line| {
        let line = line.trim_start();
        let (seen, rest) = [("pub ", Seen::Everywhere), ("pub(crate) ", Seen::Crate), ("pub(super) ", Seen::Folder)]
            .into_iter()
            .find_map(|(start, seen)| Some((seen, line.strip_prefix(start)?)))?;
        let (keyword, name) = rest.split_once(' ')?;
        let end = name.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(name.len());
        // In a macro, the name is a variable.
        (end > 0 && ["struct", "enum", "trait", "type", "union"].contains(&keyword)).then_some((&name[..end], seen))
    })
}

/// The names that stand for more than one thing. Two types that are visible only in folders may have the same name,
/// because their folders distinguish them. A function crate's type may have the name of a type that is visible only in
/// a folder of the crate `shared`.
fn ambiguous(files: &[File]) -> BTreeSet<String> {
    let mut types: BTreeMap<String, Vec<(bool, Seen)>> = BTreeMap::new();
    for file in files {
        let is_shared = file.path.starts_with("shared/");
        for (name, seen) in declared(&file.production()) {
            types.entry(name.to_owned()).or_default().push((is_shared, seen));
        }
    }
    let is_ambiguous = |types: &[(bool, Seen)]| {
        let wide = types.iter().filter(|(_, seen)| *seen != Seen::Folder).count();
        let public = types.contains(&(true, Seen::Everywhere));
        wide > 1 || (public && types.iter().any(|(is_shared, _)| !is_shared))
    };
    types.into_iter().filter(|(_, types)| is_ambiguous(types)).map(|(name, _)| name).collect()
}

#[test]
fn no_two_types_that_crates_see_have_one_name() {
    let found = ambiguous(&deployed_files());
    assert!(found.is_empty(), "these names have two types: {found:?}");
}

#[test]
fn a_name_with_two_types_is_found() {
    let file = |path: &str, text: &str| File { path: path.to_owned(), text: text.to_owned() };
    let found = ambiguous(&[
        file("shared/src/a.rs", "pub struct Wide;\npub(super) struct Hidden;\npub enum Outer<T> {}\nstruct Private;"),
        file(
            "functions/api/src/a.rs",
            "pub(crate) type Wide = u8;\npub(crate) struct Hidden;\npub(super) struct Given;",
        ),
        file("functions/deliver/src/b.rs", "    pub(super) enum Outer {}\npub(super) struct Given;\nstruct Private;"),
        file("functions/deliver/src/c_tests.rs", "pub(crate) struct Hidden;"),
    ]);
    assert_eq!(found, ["Outer", "Wide"].map(str::to_owned).into());
}
