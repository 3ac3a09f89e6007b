//! An outage at full load: many webhooks, some of them down and some slow, through the real handlers.
//!
//! The handlers run in this process as Lambda runs them: mappings poll the queues and invoke at most
//! `MaximumConcurrency` functions at the same time, each in its own environment with its own memory. The tables are in
//! the embedded engine, the receivers are on loopback, and the queues are in another process or in the world.

pub mod mappings;
pub mod measured;
pub mod queues;
pub mod receivers;
pub mod report;
pub mod run;
pub mod shape;
