//! The fault suite. The deployed template runs on the emulator. AWS calls fail, functions are killed, and receivers
//! misbehave. Then the suite counts what became of every accepted event.
//!
//! The suite does not check how things happen, only how they end. For each webhook, an accepted event must be
//! delivered, or held or dead where people can see it. Every other event counts as lost, and the number of lost events
//! must be 0.

mod census;
mod chance;
mod fate;
mod faults;
mod inventory;
mod ledger;
mod management;
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
