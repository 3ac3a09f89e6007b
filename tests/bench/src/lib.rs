//! The benchmark: what the binaries weigh, how fast they start, what one event costs in calls and
//! what it takes to read it.

pub mod fleet;
mod lambda_process;
pub mod ledger;
pub mod normalise;
pub mod prices;
pub mod weight;
