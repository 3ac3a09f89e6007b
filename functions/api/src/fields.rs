//! Readers of a webhook's fields, for every API that registers webhooks.

pub(crate) mod breaker;
pub(crate) mod destination;
pub(crate) mod headers;
pub(crate) mod limits;
pub(crate) mod metadata;
pub(crate) mod signature;
pub(crate) mod subscription;
pub(crate) mod webhook;
