//! The deployed template, end to end: real API, real binaries, real tables and queues on the emulator.
//!
//! `make test` deploys a fresh stack and names its description in `MAILHOOKS_STACK`; these tests fail without it.

mod bad_input;
mod dead_letter;
mod isolation;
mod mailgun;
mod retries;
mod sendgrid;
mod stack;
