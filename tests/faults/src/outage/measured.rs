//! The measurements of a run.

use std::time::Duration;

use crate::percentile::percentile;

/// The measurements of a run.
#[derive(Debug, Default)]
pub struct Measured {
    /// Times from the acceptance of an event to its arrival at a healthy receiver, in milliseconds, ascending, for
    /// events after the other receivers broke.
    pub healthy_ms: Vec<f64>,
    /// Number of deliveries that should arrive.
    pub owed: usize,
    /// Number of deliveries that arrived.
    pub delivered: usize,
    /// Number of repeated arrivals of the same delivery.
    pub duplicates: usize,
    /// Of the deliveries that did not arrive: those with a row that is held, waiting or dead, which people can see.
    pub visible: usize,
    /// Of the deliveries that did not arrive: all others.
    pub lost: usize,
    /// Number of requests to receivers.
    pub posts: u64,
    /// Number of held deliveries when the receivers recovered.
    pub held: usize,
    /// Number of open breakers when the receivers recovered.
    pub open: usize,
    /// Time from the first broken receiver to the last open breaker.
    pub opened_after: Option<Duration>,
    /// Maximum number of messages in the retries queue: first until the last breaker was open and the queue had
    /// settled, then afterwards.
    pub waiting: [usize; 2],
    /// Maximum number of invocations at the same time: of the deliveries queue, the retries queue and the slow queue.
    pub busiest: [usize; 3],
    /// Number of environments of `deliver` that were started.
    pub environments: usize,
    /// Time from the receivers' recovery to the last arrival.
    pub caught_up_after: Option<Duration>,
}

impl Measured {
    /// The latency in milliseconds that this percentage of the healthy deliveries does not exceed.
    pub fn percentile(&self, percent: f64) -> f64 {
        percentile(&self.healthy_ms, percent)
    }
}
