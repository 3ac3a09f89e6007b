//! The api room through its router, with a real DynamoDB engine and queues that keep SQS's rules.

#![expect(clippy::unwrap_used, reason = "helpers of tests panic as tests do")]

mod audit;
mod breaker;
mod busy;
mod consent;
mod dead_letters;
mod deliveries;
mod dialects;
mod event_types;
mod events;
mod every_provider;
mod frozen_rows;
mod host_limit;
mod keys;
mod limits;
mod log_lines;
mod mailgun;
mod mailjet;
mod moves;
mod newer_rows;
mod numbers;
mod operational;
mod patches;
mod platform;
mod public_keys;
mod recorded;
mod recoveries;
mod redrives;
mod requests;
mod resend;
mod room;
mod rotations;
mod secrets;
mod settings;
mod signatures;
mod source_trust;
mod sources;
mod streams;
mod suspension;
mod tenant_limits;
mod tenants;
mod unreadable_rows;
mod webhook_settings;
mod webhooks;
