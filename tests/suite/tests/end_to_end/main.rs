//! The deployed template, end to end: real API, real binaries, real tables and queues on the emulator.
//!
//! `make test` deploys a fresh stack and names its description in `MAILHOOKS_STACK`; these tests fail without it.

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
