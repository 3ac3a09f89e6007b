//! The common crate of mailhooks: what an event, a webhook and a delivery are, and how they are kept and sent.
//!
//! Read in this order. The first group is pure: no IO, no clock, no async; it may use only itself.
//! The second group is the edges: everything that touches AWS, the network, the environment or the clock.

// What travels.
pub mod breaker;
pub mod delivery;
pub mod dialect;
pub mod event;
pub mod id;
pub mod problem;
pub mod provider;
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

// The edges.
pub mod access;
pub mod aws;
pub mod cache;
pub mod clock;
pub mod config;
pub mod http_event;
pub mod outbound;
pub mod queue;
pub mod store;
pub mod telemetry;
