//! The benchmark: what the binaries weigh, how fast they start, and what one event costs in calls.

pub mod fleet;
pub mod ledger;
pub mod prices;
pub mod weight;
