//! The project's files, by their paths from its root.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// Names of folders that builds, tools and tests create.
const MADE: [&str; 7] = ["target", ".git", ".local", ".aws-sam", "node_modules", "corpus", "artifacts"];

/// The project's root: the folder that contains the template. This works at any depth of this crate.
pub(crate) fn root() -> &'static Path {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.ancestors().find(|folder| folder.join("template.yaml").is_file()).unwrap()
}

/// The path of every file, sorted.
pub(crate) fn all() -> &'static BTreeSet<String> {
    static ALL: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
        let mut found = BTreeSet::new();
        let mut folders: Vec<PathBuf> = vec![root().to_owned()];
        while let Some(folder) = folders.pop() {
            for path in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                if path.is_dir() {
                    if !MADE.contains(&name.as_str()) && name != "__pycache__" {
                        folders.push(path);
                    }
                } else {
                    found.insert(path.strip_prefix(root()).unwrap().to_string_lossy().into_owned());
                }
            }
        }
        found
    });
    &ALL
}

/// Whether the file's name ends in `end`, such as `.rs`.
pub(crate) fn is(path: &str, end: &str) -> bool {
    path.ends_with(end)
}

/// The text of a file.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The documents.
pub(crate) fn documents() -> impl Iterator<Item = &'static str> {
    all().iter().map(String::as_str).filter(|path| is(path, ".md"))
}

/// The production code of the functions and of the common crates, without comments and test modules.
pub(crate) fn production() -> String {
    let is_code = |path: &&String| {
        let deployed = path.starts_with("functions/") || path.starts_with("shared/");
        deployed && is(path, ".rs") && !path.ends_with("tests.rs")
    };
    all().iter().filter(is_code).map(|path| without_tests(&read(path))).collect::<Vec<_>>().join("\n")
}

/// The code before its test module, without comments.
pub(crate) fn without_tests(text: &str) -> String {
    let end = text.find("#[cfg(test)]\nmod tests {").unwrap_or(text.len());
    text[..end].lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}
