//! Checks documents and comments against the code: paths, links, words, sizes, and the lists in pages.
//!
//! Each check is a function that returns the errors, and a test shows that the function finds an example of each error.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

mod decisions;
mod exceptions;
mod files;
mod limits;
mod links;
mod lists;
mod paths;
mod prose;

use files::{read, root};

#[test]
fn readme_and_architecture_stay_short() {
    for (path, limit) in [("README.md", 8_192), ("ARCHITECTURE.md", 16_384)] {
        let bytes = read(path).len();
        assert!(bytes <= limit, "{path} has {bytes} bytes, of {limit}");
    }
}

#[test]
fn the_root_is_the_projects() {
    assert!(root().join("template.yaml").is_file());
    assert!(files::all().iter().any(|path| path == "docs/SUMMARY.md"));
}
