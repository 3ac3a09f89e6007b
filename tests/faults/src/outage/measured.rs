//! What a run showed.

use std::time::Duration;

/// What a run showed.
#[derive(Debug, Default)]
pub struct Measured {
    /// From the acceptance of an event to its arrival at a healthy receiver, in milliseconds, ascending; from the
    /// moment on at which the others break.
    pub healthy_ms: Vec<f64>,
    /// Deliveries owed.
    pub owed: usize,
    /// Deliveries that arrived.
    pub delivered: usize,
    /// Arrivals beside the first one of each.
    pub duplicates: usize,
    /// Of those that did not arrive: rows that are held, waiting or dead, which is visible.
    pub visible: usize,
    /// Of those that did not arrive: all others.
    pub lost: usize,
    /// Requests to receivers.
    pub posts: u64,
    /// Deliveries that were held when the receivers came back.
    pub held: usize,
    /// Breakers that were open when the receivers came back.
    pub open: usize,
    /// From the first broken receiver to the last open breaker.
    pub opened_after: Option<Duration>,
    /// The most messages that waited in the retries queue before the last breaker was open and that had settled, and
    /// after.
    pub waiting: [usize; 2],
    /// The most invocations at the same time: of the deliveries queue, and of the retries queue.
    pub busiest: [usize; 2],
    /// Environments of `deliver` that were started.
    pub environments: usize,
    /// From the receivers' coming back to the last arrival.
    pub caught_up_after: Option<Duration>,
}

impl Measured {
    /// The latency that so many of 100 healthy deliveries stay under, in milliseconds.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index into some ten thousand figures"
    )]
    pub fn percentile(&self, percent: f64) -> f64 {
        let last = self.healthy_ms.len().saturating_sub(1);
        let index = (percent / 100.0 * last as f64).ceil() as usize;
        self.healthy_ms.get(index.min(last)).copied().unwrap_or(f64::NAN)
    }
}
