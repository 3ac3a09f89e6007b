//! The common crate of the functions: the domain, and the edges.
//!
//! The crate `domain` defines what an event, a webhook and a delivery are, and every rule about them. It is pure. Its
//! modules are re-exported here, so that functions depend on one crate. The modules of this crate are the edges: all
//! code that touches AWS, the network, the environment or the clock. They are listed bottom up: each module uses only
//! those above it.

pub use domain::{
    address_policy, breaker, challenge, delivery, dialect, event, event_quota, id, in_flight, operational, place_use,
    problem, provider, rate_limit, recovery, retention, retry, seal, secret, signature, slowness, source, stored_event,
    stored_word, stream, tenant, unknown_fields, webhook,
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
pub mod audit;
