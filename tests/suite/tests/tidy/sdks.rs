//! Checks which SDKs the functions link.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::read;

/// The SDK's own loader of credentials, and the SDKs that the loader links. No function calls them. They would make
/// each function larger and slower to start.
const UNCALLED: [&str; 5] = ["aws-config", "aws-sdk-sts", "aws-sdk-sso", "aws-sdk-ssooidc", "aws-sdk-signin"];

/// A package of the lock file, with the names of its dependencies.
fn locked(package: &str) -> (&str, Vec<&str>) {
    let quoted = |line| str::split(line, '"').nth(1).unwrap_or_default();
    let name = package.lines().find(|line| line.starts_with("name = ")).map(quoted).unwrap_or_default();
    let dependencies = package.lines().skip_while(|line| *line != "dependencies = [").skip(1);
    let names = dependencies.take_while(|line| *line != "]").map(quoted);
    (name, names.map(|name| name.split(' ').next().unwrap_or_default()).collect())
}

/// What `package` links by the lock file: itself and everything that it depends on.
fn held<'a>(package: &'a str, lock: &'a str) -> BTreeSet<&'a str> {
    let dependencies: BTreeMap<&str, Vec<&str>> = lock.split("[[package]]").skip(1).map(locked).collect();
    let (mut held, mut left) = (BTreeSet::new(), vec![package]);
    while let Some(name) = left.pop() {
        if held.insert(name) {
            left.extend(dependencies.get(name).into_iter().flatten());
        }
    }
    held
}

#[test]
fn no_function_holds_the_sdks_of_sts_and_sso() {
    let lock = read("Cargo.lock");
    for room in ["ingest", "dispatch", "deliver", "api"] {
        let held = held(room, &lock);
        assert!(held.contains("aws-sdk-dynamodb"), "{room}: the lock file was not read");
        let uncalled: Vec<_> = UNCALLED.iter().filter(|name| held.contains(*name)).collect();
        assert!(uncalled.is_empty(), "{room} links {uncalled:?}");
    }
    // The operators' command may use every place where an operator can keep credentials.
    assert!(held("admin", &lock).contains("aws-sdk-sts"));
}
