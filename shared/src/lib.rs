//! The common crate of mailhooks: what an event, a webhook and a delivery are, and how they are kept and sent.
//!
//! What is and what must hold is in the crate `domain`, which is pure; its modules are re-exported here, so that functions
//! depend on one crate. The modules of this crate are the edges: everything that touches AWS, the network, the environment
//! or the clock. They are listed bottom up: each uses only those that stand above it.

pub use domain::{
    address_policy, breaker, delivery, dialect, event, id, operational, problem, provider, rate_limit, recovery, retry,
    seal, secret, signature, slowness, source, stored_event, stream, tenant, webhook,
};

pub mod cache;
pub mod clock;
pub mod config;
pub mod aws;
pub mod telemetry;
pub mod http_event;
pub mod outbound;
pub mod store;
pub mod queue;
pub mod access;
