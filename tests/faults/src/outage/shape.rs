//! The parameters of a run.

use std::ops::Range;
use std::time::Duration;

use shared::breaker::BreakerSettings;

/// Numbers and rates of a run.
#[derive(Debug, Clone)]
pub struct Shape {
    /// Number of webhooks, spread evenly over the tenants.
    pub webhooks: u32,
    /// Number of tenants. Each event belongs to one tenant and goes to all webhooks of this tenant.
    pub tenants: u32,
    /// Number of events for each tenant.
    pub events: u32,
    /// New deliveries per second.
    pub per_second: u32,
    /// Number of webhooks whose receiver refuses connections from the beginning.
    pub refusing: u32,
    /// Number of webhooks whose receiver stops answering after a tenth of the events.
    pub hanging: u32,
    /// Number of webhooks whose receiver answers slowly after a tenth of the events.
    pub slow: u32,
    /// Time that slow receivers take, in milliseconds.
    pub slow_ms: Range<u64>,
    /// Time limit of every webhook.
    pub timeout_ms: u32,
    /// Breaker settings of every webhook.
    pub breaker: BreakerSettings,
    /// Delays between attempts of every webhook, in seconds.
    pub delays: Vec<i64>,
    /// Maximum number of invocations at the same time, for each of the deliveries queue and the retries queue.
    pub concurrency: usize,
    /// Maximum number of invocations of the slow queue at the same time.
    pub slow_concurrency: usize,
    /// Time for the retries queue to settle after the breakers have opened.
    pub settling: Duration,
    /// Maximum time to wait for the last arrival.
    pub patience: Duration,
}

impl Shape {
    /// Number of webhooks that break.
    pub fn broken(&self) -> u32 {
        self.refusing + self.hanging + self.slow
    }

    /// Number of webhooks that are down, so that their breakers open.
    pub fn down(&self) -> u32 {
        self.refusing + self.hanging
    }

    /// Number of all deliveries.
    pub fn deliveries(&self) -> u32 {
        self.events * self.webhooks
    }
}
