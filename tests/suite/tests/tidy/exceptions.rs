//! Upward uses that still exist. Nothing is added to these lists. An entry that is not needed any more fails until it
//! is removed.

/// Pairs of a module and a module that is listed below it and that it uses.
pub(crate) type Pairs = &'static [(&'static str, &'static str)];

/// The crates, each with the pairs of modules in its `lib.rs` that are exempt from the order.
pub(crate) const CRATES: &[(&str, Pairs)] = &[
    ("shared/domain", &[]),
    ("shared", &[]),
    ("functions/ingest", &[]),
    ("functions/dispatch", &[]),
    ("functions/deliver", &[]),
    ("functions/api", &[]),
];

/// The pairs of modules in a folder that are exempt from the order: the crate, the folder's module, and the pairs.
pub(crate) const FOLDERS: &[(&str, &str, Pairs)] = &[];
