//! The fault suite: the deployed template on the emulator, with AWS calls that fail, functions that are killed, and
//! receivers that misbehave; then a count of what became of every event that was accepted.
//!
//! It promises nothing about how things happen, only that they end well: each accepted event is, for each webhook,
//! delivered, or held or dead where people see it. Everything else is lost, and lost must be 0.

mod census;
mod chance;
mod fate;
mod faults;
mod plan;
mod processes;
mod proxy;
mod receivers;
mod report;
mod run;
mod senders;
mod wire;

pub use plan::Plan;
pub use run::run;
