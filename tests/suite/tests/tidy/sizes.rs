//! Checks that mains and files are short, and that a file's name says what is in it.

use crate::source::rust_files;

const FOLDERS: [&str; 6] =
    ["functions", "shared", "tests/bench/src", "tests/conformance/src", "tests/faults/src", "tests/support/src"];

/// Names that would fit any code.
const VAGUE: [&str; 7] = ["utils", "util", "helpers", "helper", "common", "misc", "manager"];

/// Maximum lines of a main. Reason: what a main does is not tested, so it only builds the room and runs it.
const MAX_MAIN_LINES: usize = 40;

/// Maximum lines of a file without its tests. Reason: a longer file has a second job.
const MAX_LINES: usize = 400;

#[test]
fn mains_are_short_and_names_mean_something() {
    for file in FOLDERS.into_iter().flat_map(rust_files) {
        let (name, path) = (file.name(), &file.path);
        assert!(name != "main" || file.text.lines().count() <= MAX_MAIN_LINES, "{path} is too long for a main");
        assert!(!VAGUE.contains(&name), "{path} has a name that does not say what is in it");
        let lines = file.production().lines().count();
        assert!(lines <= MAX_LINES, "{path} has {lines} lines; move its second job to another file");
    }
}
