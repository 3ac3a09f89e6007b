//! Readers of a webhook's fields, for every API that registers webhooks, and how answers show what they read.
//! `webhook` has the readers of single values that need no file of their own.

pub(crate) mod breaker;
pub(crate) mod destination;
pub(crate) mod headers;
pub(crate) mod limits;
pub(crate) mod metadata;
pub(crate) mod signature;
pub(crate) mod subscription;
pub(crate) mod webhook;
