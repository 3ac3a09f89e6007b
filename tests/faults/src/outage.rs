//! An outage at full load: many webhooks, of which some are down and some slow, through the real handlers.
//!
//! The handlers run in this process as Lambda runs them: mappings poll the queues and invoke as many at a time as
//! `MaximumConcurrency` allows, each invocation in an environment of its own with its own memory. The tables are the
//! embedded engine's, the receivers are on loopback, and the queues are a process of their own or the world's.

pub mod mappings;
pub mod measured;
pub mod queues;
pub mod receivers;
pub mod report;
pub mod run;
pub mod shape;
