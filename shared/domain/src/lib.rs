//! What mailhooks is about, and every rule that needs no IO, no clock and no async.

pub mod address_policy;
pub mod batching;
pub mod breaker;
pub mod delivery;
pub mod dialect;
pub mod event;
pub mod id;
pub mod problem;
pub mod provider;
pub mod queue_limits;
pub mod rate_limit;
pub mod recovery;
pub mod retry;
pub mod seal;
pub mod secret;
pub mod signature;
pub mod slowness;
pub mod source;
pub mod stream;
pub mod tenant;
pub mod webhook;
mod words;
