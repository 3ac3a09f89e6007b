//! What was measured while the bystander sent its events, with an attack or without.

use crate::percentile::percentile;

/// The measurements of one stretch of time.
#[derive(Debug, Clone, Default)]
pub(super) struct Measured {
    /// Events that the bystander sent.
    pub(super) sent: usize,
    /// Of these, events that were not answered 200.
    pub(super) refused: usize,
    /// Times from the moment at which an event was to be sent to its first attempt, one for each receiver, in
    /// milliseconds, ascending. A delivery without an attempt has an infinite time.
    pub(super) first_ms: Vec<f64>,
    /// Times from the latest moment at which the schedule puts a second attempt to this attempt, in milliseconds,
    /// ascending. A delivery without a second attempt has an infinite time.
    pub(super) late_ms: Vec<f64>,
    /// Requests that the receivers got without a reason.
    pub(super) duplicates: usize,
    /// Deliveries that did not arrive although people can see them: they are held, wait or are dead.
    pub(super) missing: usize,
    /// Deliveries that did not arrive and that nobody can see.
    pub(super) lost: usize,
    /// What the machine had to do.
    pub(super) load: Load,
}

/// What the machine had to do.
#[derive(Debug, Clone, Default)]
pub(super) struct Load {
    /// The emulator's share of one processor, from 0 to 1. The emulator is one Python process, and so it cannot have
    /// more.
    pub(super) emulator: f64,
    /// The idle share of all processors.
    pub(super) idle: f64,
    /// The times of direct calls of the emulator, which involve nothing of the product, in milliseconds, ascending.
    pub(super) direct_ms: Vec<f64>,
}

impl Measured {
    /// The 99th percentile of the first attempts.
    pub(super) fn first_p99(&self) -> f64 {
        percentile(&self.first_ms, 99.0)
    }

    /// The 99th percentile of how late second attempts were.
    pub(super) fn late_p99(&self) -> f64 {
        percentile(&self.late_ms, 99.0)
    }
}

impl Load {
    /// The 99th percentile of the direct calls.
    pub(super) fn direct_p99(&self) -> f64 {
        percentile(&self.direct_ms, 99.0)
    }
}
