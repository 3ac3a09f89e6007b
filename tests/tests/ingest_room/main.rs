//! The ingest room through its handler, with a real DynamoDB engine.

#![cfg(test)]

mod own_events;
mod provider_posts;
mod requests;
mod room;
