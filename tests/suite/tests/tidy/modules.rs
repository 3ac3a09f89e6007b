//! Finds the modules that a file of a crate names.

/// A module's path from the root of its crate.
pub(crate) type Module = Vec<String>;

/// The modules that `code`, the file of a module, declares, in their order.
pub(crate) fn declared(code: &str) -> Vec<String> {
    let lines = code.lines().filter(|line| !line.starts_with(' '));
    lines.filter_map(|line| line.strip_suffix(';')?.rsplit_once("mod ").map(|(_, name)| name.to_owned())).collect()
}

/// Every path in `code`, the file of `module`, that starts with `crate`, `super` or `self`.
pub(crate) fn used(module: &[String], code: &str) -> Vec<Module> {
    let mut used = Vec::new();
    for keyword in ["crate::", "super::", "self::"] {
        for (at, _) in code.match_indices(keyword) {
            let follows = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
            if code[..at].ends_with(follows) {
                continue;
            }
            let mut rest = &code[at..];
            let mut from = if keyword == "crate::" { Vec::new() } else { module.to_vec() };
            while let Some(further) = rest.strip_prefix("super::") {
                from.pop();
                rest = further;
            }
            rest = rest.strip_prefix("crate::").or(rest.strip_prefix("self::")).unwrap_or(rest);
            names(from, rest, &mut used);
        }
    }
    used
}

/// Adds the names in `rest` below `path`: one path, or several in braces. Returns the text that follows.
fn names<'a>(mut path: Module, mut rest: &'a str, into: &mut Vec<Module>) -> &'a str {
    loop {
        if let Some(mut list) = rest.strip_prefix('{') {
            loop {
                list = list.trim_start_matches([' ', '\n', ',']);
                if list.is_empty() || list.starts_with('}') {
                    return list.get(1..).unwrap_or_default();
                }
                let follows = names(path.clone(), list, into);
                list = follows.find([',', '}']).map_or("", |end| &follows[end..]);
            }
        }
        let end = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_').unwrap_or(rest.len());
        let (name, follows) = rest.split_at(end);
        match name {
            "" | "self" => {}
            name => path.push(name.to_owned()),
        }
        match follows.strip_prefix("::") {
            Some(further) if !name.is_empty() => rest = further,
            _ => {
                into.push(path);
                return follows;
            }
        }
    }
}

#[test]
fn paths_and_lists_of_paths_are_read() {
    let code = "
use std::crate_like::x;
use crate::a::{self, b::{c, D}, Type as Other};
use super::{near, nearer::Y};
fn f() -> crate::e::F<crate::g::H> {
    super::super::far::<u8>(self::inner::call(), xsuper::no, \"x\")
}
";
    let module = ["one", "two", "three"].map(str::to_owned);
    let mut found: Vec<_> = used(&module, code).iter().map(|path| path.join("::")).collect();
    found.sort();
    let expected = [
        "a",
        "a::Type",
        "a::b::D",
        "a::b::c",
        "e::F",
        "g::H",
        "one::far",
        "one::two::near",
        "one::two::nearer::Y",
        "one::two::three::inner::call",
    ];
    assert_eq!(found, expected);
    assert_eq!(declared("pub mod a;\nmod b;\npub(crate) mod c;\nuse mod_d;\n    mod inner;\n"), ["a", "b", "c"]);
}
