//! The ingest room through its handler, with a real DynamoDB engine.

#![cfg(test)]

mod credentials;
mod every_provider;
mod large_posts;
mod limits;
mod log_lines;
mod mailgun_tokens;
mod memory;
mod nested;
mod newer_rows;
mod own_events;
mod pings;
mod platform_posts;
mod provider_posts;
mod recorded;
mod read_back;
mod requests;
mod room;
mod sns;
mod tenants;
mod unfinished_posts;
mod unreadable;
