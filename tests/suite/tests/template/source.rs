//! Rust source as these tests read it: functions with their types, fields, and calls.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::root;

/// Functions by type and name. The type is empty for a function that belongs to none.
pub(crate) type Functions = BTreeMap<(String, String), Function>;

/// The fields of each struct with their types, without references.
pub(crate) type Fields = BTreeMap<String, Vec<(String, String)>>;

/// A function.
pub(crate) struct Function {
    /// Whether every crate may call it.
    pub(crate) is_public: bool,
    /// Its signature and body, dense.
    pub(crate) body: String,
}

/// The production code below a folder and of the file of the same name, without comments.
pub(crate) fn sources(folder: &str) -> String {
    let path = root().join(folder);
    let own = std::fs::read_to_string(path.with_extension("rs")).unwrap_or_default();
    production(&own) + &below(&path)
}

/// The production code of a file.
pub(crate) fn file(path: &str) -> String {
    production(&std::fs::read_to_string(root().join(path)).unwrap())
}

fn below(folder: &Path) -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        if path.is_dir() {
            all.push_str(&below(&path));
        } else if is_rust && stem != "tests" && !stem.ends_with("_tests") {
            all.push_str(&production(&std::fs::read_to_string(&path).unwrap()));
        }
    }
    all
}

/// `source` without its tests and comments.
fn production(source: &str) -> String {
    let deployed = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut code = String::with_capacity(deployed.len());
    for line in deployed.lines().filter(|line| !line.trim_start().starts_with("//")) {
        code.push_str(line.split(" //").next().unwrap_or_default());
        code.push('\n');
    }
    code
}

/// Without white space, so that it does not matter how calls are broken into lines. One space stays between two words.
pub(crate) fn dense(source: &str) -> String {
    let mut dense = String::with_capacity(source.len());
    for word in source.split_whitespace() {
        if dense.ends_with(is_part_of_name) && word.starts_with(is_part_of_name) {
            dense.push(' ');
        }
        dense.push_str(word);
    }
    dense
}

/// Whether `letter` can stand in a name.
pub(crate) fn is_part_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The name that `text` begins with, which may be empty.
pub(crate) fn name_at(text: &str) -> &str {
    let end = text.find(|letter| !is_part_of_name(letter)).unwrap_or(text.len());
    &text[..end]
}

/// The functions of `source`, which is formatted: a function of a type is indented.
pub(crate) fn functions(source: &str) -> Functions {
    let mut functions = Functions::new();
    let (mut owner, mut open) = (String::new(), None);
    for line in source.lines() {
        if !line.is_empty() && !line.starts_with([' ', '}', ')']) {
            owner = implemented(line).unwrap_or_default();
        }
        if let Some((before, after)) = line.split_once("fn ")
            && (!before.contains(['(', '"']) || before.trim_start().starts_with("pub("))
        {
            let is_public = before.trim_start().starts_with("pub ");
            let key = (owner.clone(), name_at(after).to_owned());
            functions.entry(key.clone()).or_insert(Function { is_public, body: String::new() }).body.push(';');
            open = Some(key);
        }
        if let Some(function) = open.as_ref().and_then(|key| functions.get_mut(key)) {
            function.body.push_str(&dense(line));
        }
    }
    functions
}

/// The type that an `impl` line is about.
fn implemented(line: &str) -> Option<String> {
    let rest = line.strip_prefix("impl")?;
    let of = rest.rsplit_once(" for ").map_or(rest, |(_, of)| of);
    Some(name_at(of.trim_start()).to_owned())
}

/// The fields of the structs of `source`.
pub(crate) fn struct_fields(source: &str) -> Fields {
    let mut fields = Fields::new();
    for (at, keyword) in source.match_indices("struct ") {
        let rest = &source[at + keyword.len()..];
        let name = name_at(rest);
        if let Some(list) = rest[name.len()..].trim_start().strip_prefix('{') {
            let list = list.split('}').next().unwrap_or_default();
            fields.entry(name.to_owned()).or_default().extend(bindings(list));
        }
    }
    fields
}

/// The pairs of a name and its type in `code`, as in `name: Type`, `name: &Type`, `name: Option<Type>` and
/// `let name = Type::new(`. Another path after a name is a value.
pub(crate) fn bindings(code: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (at, keyword) in code.match_indices("let ") {
        let Some((name, value)) = code[at + keyword.len()..].split_once(" = ") else { continue };
        let of = name_at(value);
        if name_at(name) == name && value[of.len()..].starts_with("::new(") {
            found.push((name.to_owned(), of.to_owned()));
        }
    }
    for (at, _) in code.match_indices(": ") {
        let before = &code[..at];
        let start = before.rfind(|letter| !is_part_of_name(letter)).map_or(0, |start| start + 1);
        let mut of = code[at + 1..].trim_start().trim_start_matches('&');
        while let Some((_, inner)) = of.split_once('<').filter(|(outer, _)| name_at(outer) == *outer) {
            of = inner.trim_start_matches('&');
        }
        let name = name_at(of);
        if start < at && !name.is_empty() && !of[name.len()..].starts_with("::") {
            found.push((before[start..].to_owned(), name.to_owned()));
        }
    }
    found
}

/// The names that dense code calls on `receiver`, as `get` in `webhooks.get(` or `webhooks.get::<Item>(`.
pub(crate) fn calls_on(receiver: &str, code: &str) -> BTreeSet<String> {
    let on_it = code.match_indices(receiver).filter(|(at, _)| !code[..*at].ends_with(is_part_of_name));
    let names = on_it.filter_map(|(at, _)| {
        let rest = &code[at + receiver.len()..];
        let name = name_at(rest);
        let follows = &rest[name.len()..];
        (!name.is_empty() && (follows.starts_with('(') || follows.starts_with("::<"))).then(|| name.to_owned())
    });
    names.collect()
}

/// Whether `code` names `word`.
pub(crate) fn names(word: &str, code: &str) -> bool {
    code.match_indices(word)
        .any(|(at, _)| !code[..at].ends_with(is_part_of_name) && !code[at + word.len()..].starts_with(is_part_of_name))
}
