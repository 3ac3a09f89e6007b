//! What mailhooks is about, and every rule that needs no IO, no clock and no async.
//!
//! Modules are listed bottom up: each uses only those that stand above it.

mod words;
pub mod stored_word;
mod reasons;
pub mod id;
pub mod problem;
pub mod queue_limits;
pub mod in_flight;
mod sqs_characters;
pub mod unknown_fields;
pub mod batching;
pub mod address_policy;
mod mailgun_fields;
pub mod seal;
pub mod slowness;
pub mod place_use;
pub mod rate_limit;
pub mod secret;
pub mod event;
pub mod source;
pub mod delivery;
pub mod retention;
pub mod breaker;
pub mod recovery;
pub mod retry;
pub mod signature;
pub mod challenge;
pub mod dialect;
pub mod stream;
pub mod provider;
pub mod webhook;
pub mod tenant;
pub mod event_quota;
pub mod operational;
pub mod stored_event;
pub mod job;
