//! Checks that the domain is pure: no IO, no clock, no chance, nothing asynchronous.

use crate::source::{File, rust_files};

/// Texts that pure code must not contain.
const FORBIDDEN: [&str; 12] = [
    "async fn",
    ".await",
    "tokio::",
    "aws_sdk",
    "reqwest",
    "clock::",
    "std::env",
    "std::fs",
    "std::net::Tcp",
    "store::",
    "Timestamp::now",
    "SystemTime",
];

/// Whether the file may use this forbidden text. The library that reads multipart bodies has futures; with a body in
/// memory, they are ready at once.
fn is_excused(file: &File, forbidden: &str) -> bool {
    forbidden == ".await" && file.path.ends_with("provider/mailgun/multipart.rs")
}

fn pure_files() -> Vec<File> {
    rust_files("shared/domain/src")
}

fn faults(files: &[File]) -> Vec<String> {
    let mut faults = Vec::new();
    for file in files {
        let code = file.production();
        let said = FORBIDDEN.iter().filter(|forbidden| code.contains(**forbidden) && !is_excused(file, forbidden));
        faults.extend(said.map(|forbidden| format!("{}: {forbidden}", file.path)));
    }
    faults
}

#[test]
fn pure_modules_stay_pure() {
    let files = pure_files();
    assert!(files.len() > 50, "only {} files are checked", files.len());
    assert_eq!(faults(&files), [""; 0]);
}

/// Code after the first `#[cfg(test)]` of a file is deployed too, unless it is the test module.
#[test]
fn impure_code_is_found_after_code_for_tests() {
    let text =
        "#[cfg(test)]\nfn looks() {}\n\nasync fn impure() {}\n\n#[cfg(test)]\nmod tests {\n    use tokio::x;\n}\n";
    let planted = File { path: "shared/domain/src/planted.rs".to_owned(), text: text.to_owned() };
    assert_eq!(faults(&[planted]), ["shared/domain/src/planted.rs: async fn"]);
}
