//! What is run.

use std::ops::Range;
use std::time::Duration;

use shared::breaker::BreakerSettings;

/// How many of what, and how fast.
#[derive(Debug, Clone)]
pub struct Shape {
    /// Webhooks in all, spread evenly over the tenants.
    pub webhooks: u32,
    /// Tenants; each event is one tenant's and goes to all webhooks of it.
    pub tenants: u32,
    /// Events of each tenant.
    pub events: u32,
    /// Deliveries that come up in a second.
    pub per_second: u32,
    /// Webhooks whose receiver refuses connections, from the beginning on.
    pub refusing: u32,
    /// Webhooks whose receiver stops answering after a tenth of the events.
    pub hanging: u32,
    /// Webhooks whose receiver answers, but takes this long, after a tenth of the events.
    pub slow: u32,
    /// How long slow receivers take, in milliseconds.
    pub slow_ms: Range<u64>,
    /// Every webhook's time limit.
    pub timeout_ms: u32,
    /// Every webhook's breaker.
    pub breaker: BreakerSettings,
    /// Every webhook's delays between attempts, in seconds.
    pub delays: Vec<i64>,
    /// Invocations at the same time, for each of the two queues.
    pub concurrency: usize,
    /// How long after the breakers have opened the retries queue is given to come to rest.
    pub settling: Duration,
    /// How long the end is waited for.
    pub patience: Duration,
}

impl Shape {
    /// Webhooks that break.
    pub fn broken(&self) -> u32 {
        self.refusing + self.hanging + self.slow
    }

    /// Webhooks that are down: their breakers open.
    pub fn down(&self) -> u32 {
        self.refusing + self.hanging
    }

    /// Deliveries in all.
    pub fn deliveries(&self) -> u32 {
        self.events * self.webhooks
    }
}
