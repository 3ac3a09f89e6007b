//! The common crate of mailhooks: what an event, a webhook and a delivery are, and how they are kept and sent.
//!
//! The first group is the crate `domain`, which is pure. The second group is the edges: everything that touches AWS, the
//! network, the environment or the clock.

pub use domain::{
    address_policy, breaker, delivery, dialect, event, id, operational, problem, provider, rate_limit, recovery, retry,
    seal, secret, signature, slowness, source, stream, tenant, webhook,
};

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
