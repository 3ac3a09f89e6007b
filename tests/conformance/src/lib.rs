//! Takes providers' bodies, real and made-up ones, through the code that `ingest` runs.

pub mod batches;
mod fixture;
pub mod invariants;
pub mod normalised;

pub use fixture::{Fixture, INGEST_KEY, Index, Served, own_fixtures};
