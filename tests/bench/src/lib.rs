//! The benchmark: sizes, start-up and memory of the binaries, calls for one event, and the cost of reading one event.

pub mod fleet;
mod lambda_process;
pub mod ledger;
pub mod normalise;
pub mod prices;
pub mod weight;
