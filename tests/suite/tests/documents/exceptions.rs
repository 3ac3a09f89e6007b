//! What the checks let pass.

/// Names that look like names of files, and are not.
pub(crate) const NAMES: [&str; 2] = [
    // A package of npm.
    "mailgun.js",
    // The fuzzer makes this folder.
    "tests/fuzz/artifacts",
];
