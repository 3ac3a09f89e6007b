//! The fault suite: the deployed template on the emulator, with AWS calls that fail, functions that are killed, and
//! receivers that misbehave; then a count of what became of every event that was accepted.
//!
//! The suite does not check how things happen, only how they end: each accepted event is, for each webhook, delivered,
//! or held or dead where people can see it. Every other event counts as lost, and the number of lost events must be 0.

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
