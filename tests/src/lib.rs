//! What the tests of the rooms and of the whole share.
//!
//! Room tests run a room's `handle` against a real DynamoDB engine in this process, a queue that keeps SQS's rules, and
//! receivers on loopback. End-to-end tests run the deployed template. The benchmark runs the real bootstraps.

pub mod bench;
pub mod catalogue;
pub mod lambda_process;
pub mod support;
