//! What the tests of the rooms and of the whole share.
//!
//! Room tests run a room's `handle` against a real DynamoDB engine in this process, a queue that keeps SQS's rules, and
//! receivers on loopback. Conformance takes fixtures through the code that `ingest` runs. End-to-end tests run the
//! deployed template. The fault suite breaks what is around
//! that and counts. The benchmark runs the real bootstraps.

pub mod batches;
pub mod bench;
pub mod capacity;
pub mod catalogue;
pub mod conformance;
pub mod cost;
pub mod fixtures;
pub mod invariants;
pub mod lambda_process;
pub mod node;
pub mod normalised;
pub mod outage;
pub mod readable;
pub mod soak;
pub mod support;
pub mod systems;
