//! The project's source files, as the checks read them.

use std::path::{Path, PathBuf};

use crate::production::production;

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The text of the file at `path`, from the project's folder.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A file: its path from the project's folder, and its text.
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl File {
    /// The file's code that is deployed. It is empty for a file of tests.
    pub(crate) fn production(&self) -> String {
        if is_of_tests(&self.path) { String::new() } else { production(&self.text) }
    }

    /// The file's name without the extension.
    pub(crate) fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap().trim_end_matches(".rs")
    }

    /// The file's folders after `src`, and its name.
    pub(crate) fn segments(&self) -> impl Iterator<Item = &str> {
        let (_, inner) = self.path.split_once("/src/").unwrap_or(("", &self.path));
        inner.trim_end_matches(".rs").split('/')
    }
}

/// Every Rust file below `folder`.
pub(crate) fn rust_files(folder: &str) -> Vec<File> {
    files(folder, ".rs")
}

/// Every file below `folder` whose name ends with `ending`.
pub(crate) fn files(folder: &str, ending: &str) -> Vec<File> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap().map(Result::unwrap) {
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                folders.push(path);
            } else if path.ends_with(ending) {
                files.push(File { text: read(&path), path });
            }
        }
    }
    assert!(!files.is_empty(), "{folder} has no file that ends in {ending}");
    files
}

/// Every Rust file of the functions and of the crate `shared`, including the crate `domain`, which is in its folder.
pub(crate) fn deployed_files() -> Vec<File> {
    let mut files = rust_files("functions");
    files.extend(rust_files("shared"));
    files
}

/// Whether the file at `path` has only tests, by its name.
fn is_of_tests(path: &str) -> bool {
    path.ends_with("/tests.rs") || path.ends_with("_tests.rs")
}

#[test]
fn files_of_tests_have_no_production_code() {
    let file = |path: &str| File { path: path.to_owned(), text: "fn call() {}\n".to_owned() };
    assert_eq!(file("functions/api/src/rules/model_tests.rs").production(), "");
    assert_eq!(file("shared/src/stream/tests.rs").production(), "");
    assert_ne!(file("functions/api/src/webhooks/test_event.rs").production(), "");
}
