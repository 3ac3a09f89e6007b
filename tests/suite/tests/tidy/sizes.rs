//! Mains and files are short, and a file's name says what is in it.

use crate::source::rust_files;

const FOLDERS: [&str; 6] =
    ["functions", "shared", "tests/bench/src", "tests/conformance/src", "tests/faults/src", "tests/support/src"];

/// Names that any code could have.
const VAGUE: [&str; 7] = ["utils", "util", "helpers", "helper", "common", "misc", "manager"];

/// Maximum lines of a main. Reason: what a main does is not tested, so it only builds the room and runs it.
const MAX_MAIN_LINES: usize = 40;

/// Maximum lines of a file without its tests. Reason: a longer file has a second job.
const MAX_LINES: usize = 400;

#[test]
fn mains_are_short_and_names_mean_something() {
    for file in FOLDERS.into_iter().flat_map(rust_files) {
        let (name, path) = (file.name(), &file.path);
        assert!(name != "main" || file.text.lines().count() <= MAX_MAIN_LINES, "{path}");
        assert!(!VAGUE.contains(&name), "{path}");
        let lines = file.production().lines().count();
        assert!(lines <= MAX_LINES, "{path} has {lines} lines; what second job has moved in?");
    }
}
