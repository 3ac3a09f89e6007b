//! The use cases: what is done to a tenant's webhooks, whichever API asks for it. They know nothing of HTTP.
//!
//! The modules stand bottom up: each uses only those above it.

pub(crate) mod webhook_ids;
pub(crate) mod error;
pub(crate) mod limits;
mod tries;
pub(crate) mod number;
pub(crate) mod consent;
pub(crate) mod register;
pub(crate) mod release;
pub(crate) mod resume;
pub(crate) mod lift;
pub(crate) mod signing;
pub(crate) mod sources;
pub(crate) mod change;
pub(crate) mod delete;
pub(crate) mod transaction;
