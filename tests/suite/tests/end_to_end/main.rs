//! The deployed template, end to end: the real API, the real binaries, and real tables and queues, on the emulator.
//!
//! `make test` deploys a fresh stack and puts the path of its description into `MAILHOOKS_STACK`. Without it these
//! tests fail.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its own functions included")]

mod bad_input;
mod clients;
mod dead_letter;
mod isolation;
mod providers;
mod receivers;
mod retries;
mod streams;

use support::stack;
