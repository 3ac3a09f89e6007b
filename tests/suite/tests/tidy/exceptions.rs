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
    (
        "functions/deliver",
        &[
            ("attempt", "breaker"),
            ("attempt", "claim"),
            ("attempt", "next"),
            ("attempt", "post"),
            ("attempt", "prepare"),
            ("attempt", "slow"),
            ("attempt", "tell"),
            ("attempt", "time_left"),
            ("attempt", "webhooks"),
            ("attempt", "without_attempt"),
            ("breaker", "tell"),
            ("breaker", "webhooks"),
            ("carry_out", "deliveries"),
            ("carry_out", "dispatch"),
            ("carry_out", "prepare"),
            ("carry_out", "probe"),
            ("carry_out", "recover"),
            ("carry_out", "recovery"),
            ("carry_out", "sweep"),
            ("carry_out", "unreadable"),
            ("deliveries", "next"),
            ("deliveries", "places"),
            ("deliveries", "prepare"),
            ("deliveries", "slots"),
            ("deliveries", "time_left"),
            ("dispatch", "stored"),
            ("hold", "webhooks"),
            ("hold", "without_attempt"),
            ("perform", "received"),
            ("post", "stream"),
            ("prepare", "received"),
            ("prepare", "slow"),
            ("prepare", "stored"),
            ("prepare", "webhooks"),
            ("prepare", "without_attempt"),
            ("probe", "stored"),
            ("probe", "tell"),
            ("probe", "time_left"),
            ("recover", "recovery"),
            ("recovery", "webhooks"),
            ("slow", "webhooks"),
            ("unreadable", "without_attempt"),
        ],
    ),
    ("functions/api", &[]),
];

/// The pairs among the modules of a folder that are excepted: the crate, the folder's module, and the pairs.
pub(crate) const FOLDERS: &[(&str, &str, Pairs)] = &[("functions/deliver", "recovery", &[("missing", "page")])];
