//! Checks the order of modules: a module file lists its modules bottom up, and each module uses only modules that are
//! listed above it. So there is no circle, and `lib.rs` is the map.

use std::collections::BTreeMap;

use crate::exceptions::{CRATES, FOLDERS, Pairs};
use crate::modules::{Module, declared, used};
use crate::production::production;
use crate::source::rust_files;

/// The production code of each module of a crate. The code of `lib.rs` has an empty name.
type Code = BTreeMap<Module, String>;

fn code(folder: &str) -> Code {
    let files = rust_files(&format!("{folder}/src")).into_iter().filter(|file| file.name() != "main");
    let module = |path: Vec<&str>| match path.as_slice() {
        ["lib"] => Module::new(),
        names => names.iter().map(|name| (*name).to_owned()).collect(),
    };
    files.map(|file| (module(file.segments().collect()), file.production())).collect()
}

/// The pairs of a module and a module that is listed below it and that it uses, among the modules of `parent`.
fn upward(code: &Code, parent: &[String]) -> Vec<(String, String)> {
    let order = declared(&code[parent]);
    let place = |module: &[String]| {
        let inner = module.strip_prefix(parent)?.first()?;
        order.iter().position(|listed| listed == inner)
    };
    let mut pairs = Vec::new();
    for (module, text) in code {
        let Some(own) = place(module) else { continue };
        let others = used(module, text).into_iter().filter_map(|used| place(&used));
        pairs.extend(others.filter(|other| *other > own).map(|other| (order[own].clone(), order[other].clone())));
    }
    pairs.sort();
    pairs.dedup();
    pairs
}

/// Panics if there is an upward use that is not exempt, or an exemption that is not needed any more.
fn check(what: &str, code: &Code, parent: &[String], excepted: Pairs) {
    let found = upward(code, parent);
    let found: Vec<_> = found.iter().map(|(own, other)| (own.as_str(), other.as_str())).collect();
    let new: Vec<_> = found.iter().filter(|pair| !excepted.contains(pair)).collect();
    assert!(new.is_empty(), "{what}: these modules use one that is listed below them: {new:?}");
    let stale: Vec<_> = excepted.iter().filter(|pair| !found.contains(pair)).collect();
    assert!(stale.is_empty(), "{what}: remove these exceptions, which are not needed any more: {stale:?}");
}

#[test]
fn modules_use_only_what_stands_above_them_in_lib_rs() {
    for (folder, excepted) in CRATES {
        check(folder, &code(folder), &[], excepted);
    }
}

#[test]
fn modules_of_a_folder_use_only_what_stands_above_them_in_its_module_file() {
    let mut excepted_of: BTreeMap<_, _> =
        FOLDERS.iter().map(|(folder, module, pairs)| (format!("{folder} {module}"), *pairs)).collect();
    for (folder, _) in CRATES {
        let code = code(folder);
        for parent in code.keys().filter(|module| !module.is_empty()) {
            let what = format!("{folder} {}", parent.join("::"));
            check(&what, &code, parent, excepted_of.remove(&what).unwrap_or_default());
        }
    }
    assert!(excepted_of.is_empty(), "these modules do not exist: {excepted_of:?}");
}

fn planted(files: &[(&str, &str)]) -> Code {
    let module = |path: &str| path.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect();
    files.iter().map(|(path, text)| (module(path), production(text))).collect()
}

#[test]
fn upward_uses_are_found_wherever_they_stand() {
    let code = planted(&[
        ("", "mod low;\nmod middle;\nmod high;\nuse high::Anything;\n"),
        ("low", "use crate::high::X;\n#[cfg(test)]\nmod tests {\n    use crate::middle::Y;\n}\n"),
        ("low::inner", "mod x;\nfn f() { super::super::middle::g() } // crate::high"),
        ("middle", "use crate::{Root, low::{a, b}};\nuse super::low;"),
        ("high", "use crate::{low, middle};"),
    ]);
    let pair = |own: &str, other: &str| (own.to_owned(), other.to_owned());
    assert_eq!(upward(&code, &[]), [pair("low", "high"), pair("low", "middle")]);

    let code = planted(&[
        ("", "mod delivery;\nmod other;\n"),
        ("delivery", "mod claim;\nmod send;\nmod schedule;\n"),
        ("delivery::claim", "use super::send::Sent;\nuse crate::other;"),
        ("delivery::send", "use super::claim;"),
        ("delivery::schedule", "use crate::delivery::{claim, send};"),
        ("other", "use crate::delivery::schedule;"),
    ]);
    assert_eq!(upward(&code, &["delivery".to_owned()]), [pair("claim", "send")]);
    assert_eq!(upward(&code, &[]), [pair("delivery", "other")]);
}

#[test]
#[should_panic(expected = "not needed any more")]
fn an_exception_that_is_not_needed_fails() {
    let code = planted(&[("", "mod low;\nmod high;\n"), ("low", ""), ("high", "use crate::low;")]);
    check("planted", &code, &[], &[("low", "high")]);
}

#[test]
#[should_panic(expected = "listed below them")]
fn an_upward_use_that_is_not_excepted_fails() {
    let code = planted(&[("", "mod low;\nmod high;\n"), ("low", "use crate::high;"), ("high", "")]);
    check("planted", &code, &[], &[]);
}
