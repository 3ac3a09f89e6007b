//! Upward uses that are still there. Nothing is added to these lists; what is not needed any more fails until it is
//! removed.

/// Modules, each with one listed below it that it uses.
pub(crate) type Pairs = &'static [(&'static str, &'static str)];

/// The crates, and the pairs among the modules of each `lib.rs` that are excepted from the order.
pub(crate) const CRATES: &[(&str, Pairs)] = &[
    ("shared/domain", &[]),
    ("shared", &[]),
    ("functions/ingest", &[]),
    ("functions/dispatch", &[]),
    ("functions/deliver", &[]),
    ("functions/api", &[]),
];

/// The pairs among the modules of a folder that are excepted: the crate, the folder's module, and the pairs.
pub(crate) const FOLDERS: &[(&str, &str, Pairs)] = &[];
